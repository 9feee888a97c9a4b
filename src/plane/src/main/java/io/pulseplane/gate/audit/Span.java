package io.pulseplane.gate.audit;

/** Least and greatest time of some records, microseconds since the epoch; of none, the wrong way round. */
record Span(long from, long to) {

    static final Span NONE = new Span(Long.MAX_VALUE, Long.MIN_VALUE);
}
