package io.pulseplane.vitals;

/** The catalogues that come with the plane, in the format of {@link CatalogueFormat}. */
final class ShippedCatalogues {

    /** The source is that of the possible range. */
    static final String STANDARD = CirculatoryCatalogue.TEXT + RespiratoryCatalogue.TEXT;

    /**
     * The pressures of infants from 22 weeks of gestation on. Everything else is as in the standard. The source is that
     * of the plausible range.
     */
    static final String NEONATAL = """
            [8480-6]
            plausible = 20..180
            source = around Versmold, Pediatrics 1981;67:607-613 and Zubrow, J Perinatol 1995;15:470-479

            [8462-4]
            plausible = 8..130
            source = around Versmold, Pediatrics 1981;67:607-613 and Zubrow, J Perinatol 1995;15:470-479

            [8478-0]
            plausible = 10..150
            source = around Versmold, Pediatrics 1981;67:607-613 and Zubrow, J Perinatol 1995;15:470-479

            [76534-7]
            plausible = 20..180
            source = around Versmold, Pediatrics 1981;67:607-613 and Zubrow, J Perinatol 1995;15:470-479

            [76535-4]
            plausible = 8..130
            source = around Versmold, Pediatrics 1981;67:607-613 and Zubrow, J Perinatol 1995;15:470-479

            [76536-2]
            plausible = 10..150
            source = around Versmold, Pediatrics 1981;67:607-613 and Zubrow, J Perinatol 1995;15:470-479

            [76214-6]
            plausible = 20..180
            source = around Versmold, Pediatrics 1981;67:607-613 and Zubrow, J Perinatol 1995;15:470-479

            [76213-8]
            plausible = 8..130
            source = around Versmold, Pediatrics 1981;67:607-613 and Zubrow, J Perinatol 1995;15:470-479

            [76212-0]
            plausible = 10..150
            source = around Versmold, Pediatrics 1981;67:607-613 and Zubrow, J Perinatol 1995;15:470-479
            """;

    private ShippedCatalogues() {}
}
