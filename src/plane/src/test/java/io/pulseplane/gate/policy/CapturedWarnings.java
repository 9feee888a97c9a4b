package io.pulseplane.gate.policy;

import java.text.MessageFormat;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Keeps the warnings that a class logs while this is open. */
final class CapturedWarnings extends Handler implements AutoCloseable {

    private final Logger logger;
    private final Queue<String> texts = new ConcurrentLinkedQueue<>();

    CapturedWarnings(Class<?> type) {
        logger = Logger.getLogger(type.getName());
        logger.addHandler(this);
    }

    boolean any(String part) {
        return texts.stream().anyMatch(text -> text.contains(part));
    }

    @Override
    public void publish(LogRecord record) {
        if (record.getLevel().intValue() >= Level.WARNING.intValue()) {
            texts.add(MessageFormat.format(record.getMessage(), record.getParameters()));
        }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
        logger.removeHandler(this);
    }
}
