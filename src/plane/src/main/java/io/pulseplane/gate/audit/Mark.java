package io.pulseplane.gate.audit;

/** What the log says about itself, in a line of its own that is covered like a record. */
sealed interface Mark {

    String START = "{\"mark\":";

    String line();

    /**
     * The log could not be written for a while.
     *
     * @param refused how many records were not taken meanwhile; their callers were told so
     */
    record Interrupted(long fromUs, long toUs, long refused) implements Mark {
        @Override
        public String line() {
            return START + "\"interrupted\",\"from_us\":" + fromUs + ",\"to_us\":" + toUs + ",\"refused\":" + refused
                    + "}\n";
        }
    }

    /**
     * The log was opened after it had not been closed.
     *
     * @param signed number of the last record the head had vouched for
     * @param found number of the last record that was there in a complete group
     * @param droppedBytes length of what followed and was no complete group
     */
    record Resumed(long timeUs, long signed, long found, long droppedBytes) implements Mark {
        @Override
        public String line() {
            return START + "\"resumed\",\"time_us\":" + timeUs + ",\"signed\":" + signed + ",\"found\":" + found
                    + ",\"dropped_bytes\":" + droppedBytes + "}\n";
        }
    }
}
