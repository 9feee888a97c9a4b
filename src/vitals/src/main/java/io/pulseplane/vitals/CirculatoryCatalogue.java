package io.pulseplane.vitals;

/** A part of {@link ShippedCatalogues#STANDARD}. */
final class CirculatoryCatalogue {

    /**
     * What monitors and meters report, but for breathing. The plausible ranges of the first fifteen, up to glucose in
     * mg/dL, are part of the plane's contract.
     */
    static final String TEXT = """
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

            [15074-8]
            name = Glucose in blood, moles
            unit = mmol/L
            mdc = MDC_CONC_GLU_GEN
            plausible = 0.5..55.5
            possible = 0..166.5
            source = as 2339-0, 18.016 mg/dL to 1 mmol/L

            [41653-7]
            name = Glucose in capillary blood by glucometer
            unit = mg/dL
            mdc = MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD
            plausible = 10..1000
            possible = 0..3000
            source = as 2339-0

            [99504-3]
            name = Glucose in interstitial fluid
            unit = mg/dL
            mdc = MDC_CONC_GLU_ISF
            plausible = 10..1000
            possible = 0..3000
            source = as 2339-0

            [105272-9]
            name = Glucose in interstitial fluid, moles
            unit = mmol/L
            mdc = MDC_CONC_GLU_ISF
            plausible = 0.5..55.5
            possible = 0..166.5
            source = as 15074-8

            [59407-7]
            name = Oxygen saturation by pulse oximetry, preductal
            unit = %
            plausible = 0..100
            other-units = 1 0..1
            source = by definition

            [2708-6]
            name = Oxygen saturation in arterial blood
            unit = %
            plausible = 0..100
            other-units = 1 0..1
            source = by definition

            [60985-9]
            name = Central venous pressure
            unit = mm[Hg]
            mdc = MDC_PRESS_BLD_VEN_CENT
            plausible = -30..100
            source = chosen wide, without a reference

            [8440-0]
            name = Pulmonary artery systolic pressure
            unit = mm[Hg]
            mdc = MDC_PRESS_BLD_ART_PULM_SYS
            plausible = -10..250
            above = 8385-7
            source = chosen wide, without a reference

            [8385-7]
            name = Pulmonary artery diastolic pressure
            unit = mm[Hg]
            mdc = MDC_PRESS_BLD_ART_PULM_DIA
            plausible = -20..200
            source = chosen wide, without a reference

            [8414-5]
            name = Pulmonary artery mean pressure
            unit = mm[Hg]
            mdc = MDC_PRESS_BLD_ART_PULM_MEAN
            plausible = -20..200
            source = chosen wide, without a reference

            [75994-4]
            name = Pulmonary artery wedge pressure
            unit = mm[Hg]
            mdc = MDC_PRESS_BLD_ART_PULM_WEDGE
            plausible = -20..150
            source = chosen wide, without a reference

            [60956-0]
            name = Intracranial pressure
            unit = mm[Hg]
            mdc = MDC_PRESS_INTRA_CRAN
            plausible = -50..200
            source = chosen wide, without a reference

            [8741-1]
            name = Cardiac output
            unit = L/min
            plausible = 0..50
            source = chosen wide, without a reference

            [8737-9]
            name = Cardiac output by indicator dilution
            unit = L/min
            plausible = 0..50
            source = chosen wide, without a reference

            [75919-1]
            name = Cardiac index
            unit = L/min/m2
            plausible = 0..30
            source = chosen wide, without a reference

            [20562-5]
            name = Stroke volume, left ventricle
            unit = mL
            plausible = 0..500
            source = chosen wide, without a reference

            [8329-5]
            name = Body temperature, core
            unit = Cel
            mdc = MDC_TEMP_CORE
            plausible = 30..45
            possible = 5..50
            other-units = [degF] 85.9..113, K 303.1..318.2
            source = as 8310-5

            [8332-9]
            name = Rectal temperature
            unit = Cel
            mdc = MDC_TEMP_RECT
            plausible = 30..45
            possible = 5..50
            other-units = [degF] 85.9..113, K 303.1..318.2
            source = as 8310-5

            [8331-1]
            name = Oral temperature
            unit = Cel
            mdc = MDC_TEMP_ORAL
            plausible = 30..45
            possible = 5..50
            other-units = [degF] 85.9..113, K 303.1..318.2
            source = as 8310-5

            [8333-7]
            name = Tympanic membrane temperature
            unit = Cel
            mdc = MDC_TEMP_TYMP
            plausible = 30..45
            possible = 5..50
            other-units = [degF] 85.9..113, K 303.1..318.2
            source = as 8310-5

            [8328-7]
            name = Axillary temperature
            unit = Cel
            mdc = MDC_TEMP_AXILLA
            plausible = 30..45
            possible = 5..50
            other-units = [degF] 85.9..113, K 303.1..318.2
            source = as 8310-5

            [60836-4]
            name = Esophageal temperature
            unit = Cel
            mdc = MDC_TEMP_ESOPH
            plausible = 30..45
            possible = 5..50
            other-units = [degF] 85.9..113, K 303.1..318.2
            source = as 8310-5

            [60838-0]
            name = Nasopharyngeal temperature
            unit = Cel
            mdc = MDC_TEMP_NASOPH
            plausible = 30..45
            possible = 5..50
            other-units = [degF] 85.9..113, K 303.1..318.2
            source = as 8310-5

            [8334-5]
            name = Body temperature, urinary bladder
            unit = Cel
            plausible = 30..45
            possible = 5..50
            other-units = [degF] 85.9..113, K 303.1..318.2
            source = as 8310-5

            [60834-9]
            name = Blood temperature
            unit = Cel
            mdc = MDC_TEMP_BLD
            plausible = 30..45
            possible = 5..50
            other-units = [degF] 85.9..113, K 303.1..318.2
            source = as 8310-5

            [76010-8]
            name = Nasal temperature
            unit = Cel
            plausible = 10..45
            possible = 5..50
            other-units = [degF] 85.9..113, K 303.1..318.2
            source = as 8310-5

            [29463-7]
            name = Body weight
            unit = kg
            mdc = MDC_MASS_BODY_ACTUAL
            plausible = 0.2..700
            source = chosen wide, without a reference

            [8302-2]
            name = Body height
            unit = cm
            mdc = MDC_LEN_BODY_ACTUAL
            plausible = 20..280
            source = chosen wide, without a reference

            [9187-6]
            name = Urine output
            unit = mL
            plausible = 0..20000
            source = chosen wide, without a reference


            """;

    private CirculatoryCatalogue() {}
}
