package io.pulseplane.gate;

import io.netty.handler.ipfilter.IpFilterRuleType;
import io.netty.handler.ipfilter.IpSubnetFilterRule;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.regex.Pattern;

/**
 * A network in CIDR notation, such as {@code 10.1.0.0/16} or {@code fd00::/8}. An address without a prefix length is a
 * network of one address.
 *
 * <p>Netty's rule decides which addresses belong to the network. The text is read here, because Netty's reader would
 * look up host names in DNS and take shortened IPv4 addresses.
 */
public final class Network {

    /** Requires all four parts of an IPv4 address, because Java reads 10.1 as 10.0.0.1 and 10 as 0.0.0.10. */
    private static final Pattern ADDRESS = Pattern.compile("[0-9]+(\\.[0-9]+){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");

    private final IpSubnetFilterRule rule;

    private Network(IpSubnetFilterRule rule) {
        this.rule = rule;
    }

    /** Throws {@link IllegalArgumentException} if the text is not a network. Host names are not looked up. */
    public static Network parse(String text) {
        int slash = text.indexOf('/');
        var literal = slash < 0 ? text : text.substring(0, slash);
        if (!ADDRESS.matcher(literal).matches()) {
            throw notANetwork(text, null);
        }
        InetAddress address;
        int prefixLength;
        try {
            address = InetAddress.ofLiteral(literal);
            prefixLength =
                    slash < 0 ? address.getAddress().length * Byte.SIZE : Integer.parseInt(text.substring(slash + 1));
        } catch (IllegalArgumentException e) {
            throw notANetwork(text, e);
        }
        try {
            return new Network(new IpSubnetFilterRule(address, prefixLength, IpFilterRuleType.ACCEPT));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("'" + text + "' has a prefix of an impossible length", e);
        }
    }

    private static IllegalArgumentException notANetwork(String text, Throwable cause) {
        return new IllegalArgumentException("'" + text + "' is no network, such as 10.1.0.0/16 or fd00::/8", cause);
    }

    public boolean contains(InetSocketAddress address) {
        return rule.matches(address);
    }
}
