package io.pulseplane.loadtest.client;

import java.util.List;
import java.util.Locale;

/** Draws lines over linear or logarithmic axes as SVG. */
final class Chart {

    /** One line; every point has an x and a y. */
    record Line(String name, List<double[]> points) {}

    private static final int WIDTH = 760;
    private static final int HEIGHT = 420;
    private static final int LEFT = 70;
    private static final int TOP = 40;
    private static final int RIGHT = 150;
    private static final int BOTTOM = 60;
    private static final int TICKS = 5;
    private static final List<String> COLOURS = List.of("#0b6e99", "#d9730d", "#0f7b6c", "#ad1a72", "#64473a");

    private final String title;
    private final Axis x;
    private final Axis y;
    private final List<Line> lines;

    /** The range and the scale of an axis. */
    private record Axis(String name, double from, double to, boolean logarithmic) {

        static Axis over(String name, boolean logarithmic, List<Line> lines, int coordinate) {
            var values = lines.stream()
                    .flatMap(line -> line.points().stream())
                    .mapToDouble(point -> point[coordinate])
                    .summaryStatistics();
            return logarithmic
                    ? new Axis(name, decade(values.getMin(), false), decade(values.getMax(), true), true)
                    : new Axis(name, 0, Math.max(values.getMax() * 1.05, Double.MIN_NORMAL), false);
        }

        private static double decade(double value, boolean up) {
            double exponent = Math.log10(Math.max(value, 1e-6));
            return Math.pow(10, up ? Math.floor(exponent) + 1 : Math.floor(exponent));
        }

        /** The position of a value on the axis, from 0 to 1. */
        double position(double value) {
            return logarithmic
                    ? (Math.log10(Math.max(value, from)) - Math.log10(from)) / (Math.log10(to) - Math.log10(from))
                    : (value - from) / (to - from);
        }

        int ticks() {
            return logarithmic ? (int) Math.round(Math.log10(to) - Math.log10(from)) : TICKS;
        }

        double tick(int number) {
            return logarithmic ? from * Math.pow(10, number) : from + (to - from) * number / TICKS;
        }
    }

    private Chart(String title, Axis x, Axis y, List<Line> lines) {
        this.title = title;
        this.x = x;
        this.y = y;
        this.lines = lines;
    }

    static Chart linear(String title, String x, String y, List<Line> lines) {
        return new Chart(title, Axis.over(x, false, lines, 0), Axis.over(y, false, lines, 1), lines);
    }

    static Chart logarithmicUp(String title, String x, String y, List<Line> lines) {
        return new Chart(title, Axis.over(x, false, lines, 0), Axis.over(y, true, lines, 1), lines);
    }

    static Chart logarithmic(String title, String x, String y, List<Line> lines) {
        return new Chart(title, Axis.over(x, true, lines, 0), Axis.over(y, true, lines, 1), lines);
    }

    String svg() {
        var svg = new StringBuilder();
        add(
                svg,
                "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' font-family='sans-serif' font-size='12'>",
                WIDTH,
                HEIGHT);
        add(svg, "<rect width='%d' height='%d' fill='white'/>", WIDTH, HEIGHT);
        add(svg, "<text x='%d' y='22' font-size='15'>%s</text>", LEFT, title);
        grid(svg);
        for (int i = 0; i < lines.size(); i++) {
            line(svg, lines.get(i), COLOURS.get(i % COLOURS.size()), i);
        }
        return svg.append("</svg>\n").toString();
    }

    private void grid(StringBuilder svg) {
        for (int i = 0; i <= x.ticks(); i++) {
            double at = across(x.tick(i));
            add(svg, "<path d='M%.1f %d V%d' stroke='#ddd'/>", at, TOP, HEIGHT - BOTTOM);
            add(
                    svg,
                    "<text x='%.1f' y='%d' text-anchor='middle'>%s</text>",
                    at,
                    HEIGHT - BOTTOM + 18,
                    Report.number(x.tick(i)));
        }
        for (int i = 0; i <= y.ticks(); i++) {
            double at = down(y.tick(i));
            add(svg, "<path d='M%d %.1f H%d' stroke='#ddd'/>", LEFT, at, WIDTH - RIGHT);
            add(svg, "<text x='%d' y='%.1f' text-anchor='end'>%s</text>", LEFT - 6, at + 4, Report.number(y.tick(i)));
        }
        add(svg, "<text x='%d' y='%d' text-anchor='middle'>%s</text>", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 20, x.name);
        add(
                svg,
                "<text transform='translate(16 %d) rotate(-90)' text-anchor='middle'>%s</text>",
                (TOP + HEIGHT - BOTTOM) / 2,
                y.name);
    }

    private void line(StringBuilder svg, Line line, String colour, int number) {
        var path = new StringBuilder();
        for (var point : line.points()) {
            add(path, "%s%.1f %.1f ", path.isEmpty() ? "M" : "L", across(point[0]), down(point[1]));
            add(svg, "<circle cx='%.1f' cy='%.1f' r='3' fill='%s'/>", across(point[0]), down(point[1]), colour);
        }
        add(
                svg,
                "<path d='%s' fill='none' stroke='%s' stroke-width='2'/>",
                path.toString().strip(),
                colour);
        int at = TOP + 16 * number;
        add(svg, "<path d='M%d %d h16' stroke='%s' stroke-width='2'/>", WIDTH - RIGHT + 12, at, colour);
        add(svg, "<text x='%d' y='%d'>%s</text>", WIDTH - RIGHT + 34, at + 4, line.name());
    }

    private double across(double value) {
        return LEFT + x.position(value) * (WIDTH - LEFT - RIGHT);
    }

    private double down(double value) {
        return HEIGHT - BOTTOM - y.position(value) * (HEIGHT - TOP - BOTTOM);
    }

    @SuppressWarnings("AnnotateFormatMethod") // the annotation would be a dependency of its own
    private static void add(StringBuilder svg, String format, Object... arguments) {
        svg.append(String.format(Locale.ROOT, format, arguments));
    }
}
