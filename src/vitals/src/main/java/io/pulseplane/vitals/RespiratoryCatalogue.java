package io.pulseplane.vitals;

/** A part of {@link ShippedCatalogues#STANDARD}. */
final class RespiratoryCatalogue {

    /**
     * What ventilators and gas monitors report, and what ventilators are set to.
     */
    static final String TEXT = """
            [19891-1]
            name = End-tidal carbon dioxide
            unit = mm[Hg]
            mdc = MDC_CONC_AWAY_CO2_ET
            plausible = 0..200
            source = chosen wide, without a reference

            [33438-3]
            name = Breath rate, mechanical, on ventilator
            unit = /min
            mdc = MDC_VENT_RESP_RATE
            plausible = 0..1500
            source = chosen wide, without a reference; high-frequency oscillation included

            [19839-0]
            name = Breath rate, spontaneous, on ventilator
            unit = /min
            mdc = MDC_VENT_RESP_BTSD_P_RATE
            plausible = 0..150
            source = as 9279-1

            [19840-8]
            name = Breath rate, spontaneous and mechanical, on ventilator
            unit = /min
            mdc = MDC_VENT_RESP_BTSD_PSAZC_RATE
            plausible = 0..1500
            source = as 33438-3

            [76222-9]
            name = Tidal volume, on ventilator
            unit = mL
            mdc = MDC_VENT_VOL_TIDAL
            plausible = 0..5000
            source = chosen wide, without a reference

            [20112-9]
            name = Tidal volume, setting
            unit = mL
            mdc = MDC_VENT_VOL_TIDAL_SETTING
            plausible = 0..5000
            source = chosen wide, without a reference

            [20116-0]
            name = Tidal volume, spontaneous, on ventilator
            unit = mL
            plausible = 0..10000
            source = chosen wide, without a reference

            [20118-6]
            name = Tidal volume, spontaneous and mechanical, on ventilator
            unit = mL
            plausible = 0..10000
            source = chosen wide, without a reference

            [76009-0]
            name = Inspired minute volume, mechanical ventilation
            unit = L/min
            plausible = 0..200
            source = chosen wide, without a reference

            [60794-5]
            name = Inspiratory gas flow, on ventilator
            unit = L/min
            plausible = 0..300
            source = chosen wide, without a reference

            [60792-9]
            name = Expiratory gas flow, on ventilator
            unit = L/min
            mdc = MDC_VENT_FLOW_EXP
            plausible = 0..300
            source = chosen wide, without a reference

            [76275-7]
            name = Inspiratory flow, setting
            unit = L/min
            plausible = 0..300
            source = chosen wide, without a reference

            [76334-2]
            name = Inspiratory time, setting
            unit = s
            mdc = MDC_VENT_TIME_PD_INSP_SETTING
            plausible = 0..60
            source = chosen wide, without a reference

            [76187-4]
            name = Expiratory hold time, setting
            unit = s
            plausible = 0..60
            source = chosen wide, without a reference

            [76190-8]
            name = High pressure hold time, setting
            unit = s
            mdc = MDC_VENT_TIME_PD_INSP_THIGH_SETTING
            plausible = 0..60
            source = chosen wide, without a reference

            [76229-4]
            name = Low pressure hold time, setting
            unit = s
            mdc = MDC_VENT_TIME_PD_EXP_TLOW_SETTING
            plausible = 0..60
            source = chosen wide, without a reference

            [75931-6]
            name = Inspiration to expiration time ratio
            unit = {ratio}
            mdc = MDC_RATIO_IE
            plausible = 0..100
            source = chosen wide, without a reference

            [71835-3]
            name = Inspired oxygen fraction
            unit = %
            plausible = 0..100
            other-units = 1 0..1
            source = by definition

            [19994-3]
            name = Inspired oxygen fraction, setting
            unit = %
            plausible = 0..100
            other-units = 1 0..1
            source = by definition

            [3151-8]
            name = Inhaled oxygen flow rate
            unit = L/min
            plausible = 0..150
            source = chosen wide, without a reference

            [76248-4]
            name = Positive end-expiratory pressure
            unit = cm[H2O]
            mdc = MDC_VENT_PRESS_AWAY_END_EXP_POS
            plausible = -20..150
            source = chosen wide, without a reference

            [76531-3]
            name = Maximum airway pressure, on ventilator
            unit = cm[H2O]
            mdc = MDC_VENT_PRESS_MAX
            plausible = -20..200
            source = chosen wide, without a reference

            [76259-1]
            name = Plateau airway pressure, on ventilator
            unit = cm[H2O]
            mdc = MDC_VENT_PRESS_RESP_PLAT
            plausible = -20..200
            source = chosen wide, without a reference

            [76530-5]
            name = Mean airway pressure, on ventilator
            unit = cm[H2O]
            plausible = -20..150
            source = chosen wide, without a reference

            [76154-4]
            name = Airway pressure delta, on ventilator
            unit = cm[H2O]
            mdc = MDC_VENT_PRESS_AWAY_DELTA
            plausible = -20..200
            source = chosen wide, without a reference

            [20079-0]
            name = Pressure support, setting
            unit = cm[H2O]
            plausible = 0..150
            source = chosen wide, without a reference

            [20060-0]
            name = Airway pressure at zero inspiratory flow, on ventilator
            unit = cm[H2O]
            plausible = -20..200
            source = chosen wide, without a reference

            [20056-8]
            name = Airway pressure at mean expiratory flow, on ventilator
            unit = cm[H2O]
            plausible = -20..200
            source = chosen wide, without a reference

            [60827-3]
            name = Dynamic lung compliance
            unit = mL/cm[H2O]
            plausible = 0..1000
            source = chosen wide, without a reference

            [50984-4]
            name = Horowitz index in arterial blood
            unit = mm[Hg]
            plausible = 0..900
            source = chosen wide, without a reference

            [60955-2]
            name = Airway temperature
            unit = Cel
            mdc = MDC_TEMP_AWAY
            plausible = 0..60
            source = chosen wide, without a reference


            """;

    private RespiratoryCatalogue() {}
}
