package io.pulseplane.gate;

import java.net.InetAddress;
import java.util.regex.Pattern;

/** A network in CIDR notation: {@code 10.1.0.0/16}, {@code fd00::/8}; a lone address is a network of one. */
public final class Network {

    /** All four parts of an IPv4 address: Java takes 10.1 for 10.0.0.1, and 10 for 0.0.0.10. */
    private static final Pattern ADDRESS = Pattern.compile("[0-9]+(\\.[0-9]+){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");

    private final byte[] prefix;
    private final int prefixLength;

    private Network(byte[] prefix, int bits) {
        this.prefix = prefix;
        this.prefixLength = bits;
    }

    /** Fails with {@link IllegalArgumentException} where the text is no network; names are not looked up. */
    public static Network parse(String text) {
        int slash = text.indexOf('/');
        var address = slash < 0 ? text : text.substring(0, slash);
        if (!ADDRESS.matcher(address).matches()) {
            throw notANetwork(text, null);
        }
        byte[] prefix;
        int bits;
        try {
            prefix = InetAddress.ofLiteral(address).getAddress();
            bits = slash < 0 ? prefix.length * Byte.SIZE : Integer.parseInt(text.substring(slash + 1));
        } catch (IllegalArgumentException e) {
            throw notANetwork(text, e);
        }
        if (bits < 0 || bits > prefix.length * Byte.SIZE) {
            throw new IllegalArgumentException("'" + text + "' has a prefix of an impossible length");
        }
        return new Network(prefix, bits);
    }

    private static IllegalArgumentException notANetwork(String text, Throwable cause) {
        return new IllegalArgumentException("'" + text + "' is no network, such as 10.1.0.0/16 or fd00::/8", cause);
    }

    public boolean contains(InetAddress address) {
        var bytes = address.getAddress();
        if (bytes.length != prefix.length) {
            return false;
        }
        int whole = prefixLength / Byte.SIZE;
        for (int i = 0; i < whole; i++) {
            if (bytes[i] != prefix[i]) {
                return false;
            }
        }
        int rest = prefixLength % Byte.SIZE;
        return rest == 0 || (bytes[whole] ^ prefix[whole]) >> (Byte.SIZE - rest) == 0;
    }
}
