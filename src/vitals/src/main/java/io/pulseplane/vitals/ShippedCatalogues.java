package io.pulseplane.vitals;

/** The catalogues that come with the plane, in the format of {@link CatalogueFormat}. */
final class ShippedCatalogues {

    /** The plausible ranges are part of the plane's contract. The source is that of the possible range. */
    static final String STANDARD = """
            [8867-4]
            name = Heart rate
            unit = /min
            mdc = MDC_ECG_HEART_RATE
            plausible = 20..300
            possible = 0..600
            source = 0: the heart stands still; 600: Chhabra, Indian Pacing Electrophysiol J 2012;12:32-35

            [8889-8]
            name = Heart rate by pulse oximetry
            unit = /min
            mdc = MDC_PULS_OXIM_PULS_RATE
            plausible = 20..300
            possible = 0..600
            source = as 8867-4

            [9279-1]
            name = Respiratory rate
            unit = /min
            mdc = MDC_RESP_RATE
            plausible = 0..150
            source = no value beyond is known

            [59408-5]
            name = Oxygen saturation by pulse oximetry
            unit = %
            mdc = MDC_PULS_OXIM_SAT_O2
            plausible = 0..100
            other-units = 1 0..1
            source = by definition

            [8310-5]
            name = Body temperature
            unit = Cel
            mdc = MDC_TEMP_BODY
            plausible = 30..45
            possible = 5..50
            other-units = [degF] 85.9..113, K 303.1..318.2
            source = 9: Niazi, Ann Surg 1958;147:264-266; 46.5: Slovis, Ann Emerg Med 1982;11:269-271

            [8480-6]
            name = Systolic blood pressure
            unit = mm[Hg]
            mdc = MDC_PRESS_BLD_SYS
            plausible = 50..250
            possible = 0..500
            above = 8462-4
            source = 0: the heart stands still; 480/350: MacDougall, J Appl Physiol 1985;58:785-790

            [8462-4]
            name = Diastolic blood pressure
            unit = mm[Hg]
            mdc = MDC_PRESS_BLD_DIA
            plausible = 30..150
            possible = 0..400
            source = 0: the heart stands still; 480/350: MacDougall, J Appl Physiol 1985;58:785-790

            [8478-0]
            name = Mean blood pressure
            unit = mm[Hg]
            mdc = MDC_PRESS_BLD_MEAN
            plausible = 30..200
            possible = 0..450
            source = 0: the heart stands still; 480/350: MacDougall, J Appl Physiol 1985;58:785-790

            [76534-7]
            name = Systolic blood pressure, cuff
            unit = mm[Hg]
            mdc = MDC_PRESS_BLD_NONINV_SYS
            plausible = 50..250
            possible = 0..500
            above = 76535-4
            source = as 8480-6

            [76535-4]
            name = Diastolic blood pressure, cuff
            unit = mm[Hg]
            mdc = MDC_PRESS_BLD_NONINV_DIA
            plausible = 30..150
            possible = 0..400
            source = as 8462-4

            [76536-2]
            name = Mean blood pressure, cuff
            unit = mm[Hg]
            mdc = MDC_PRESS_BLD_NONINV_MEAN
            plausible = 30..200
            possible = 0..450
            source = as 8478-0

            [76214-6]
            name = Systolic blood pressure, invasive
            unit = mm[Hg]
            mdc = MDC_PRESS_BLD_ART_SYS
            plausible = 50..250
            possible = 0..500
            above = 76213-8
            source = as 8480-6

            [76213-8]
            name = Diastolic blood pressure, invasive
            unit = mm[Hg]
            mdc = MDC_PRESS_BLD_ART_DIA
            plausible = 30..150
            possible = 0..400
            source = as 8462-4

            [76212-0]
            name = Mean blood pressure, invasive
            unit = mm[Hg]
            mdc = MDC_PRESS_BLD_ART_MEAN
            plausible = 30..200
            possible = 0..450
            source = as 8478-0

            [2339-0]
            name = Glucose in blood
            unit = mg/dL
            mdc = MDC_CONC_GLU_GEN
            plausible = 10..1000
            possible = 0..3000
            source = 2656: the highest that Guinness World Records lists
            """;

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
