package io.pulseplane.cli;

import io.grpc.ManagedChannel;
import io.pulseplane.cache.RedisProcess;
import io.pulseplane.store.postgres.Postgres;
import io.pulseplane.store.postgres.RestartedServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Two planes, PostgreSQL and Redis, each in a process of its own that can be harmed. */
final class ChaosSite implements AutoCloseable {

    /** One of the processes. */
    interface Part {

        void pause() throws IOException, InterruptedException;

        void resume() throws IOException, InterruptedException;

        void kill() throws IOException, InterruptedException;

        void stop() throws IOException, InterruptedException;

        void start() throws IOException, InterruptedException;
    }

    private static final String KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    final RestartedServer postgres = new RestartedServer();
    final RedisProcess redis = new RedisProcess();
    final PlaneSlot one;
    final PlaneSlot two;

    ChaosSite(Path directory) throws IOException {
        one = new PlaneSlot(directory.resolve("one"));
        two = new PlaneSlot(directory.resolve("two"));
        one.start();
        two.start();
    }

    List<PlaneSlot> planes() {
        return List.of(one, two);
    }

    List<Part> parts() {
        return List.of(one, two, new Database(), new Cache());
    }

    /** A plane, and who takes its place when it is started again. */
    final class PlaneSlot implements Part {

        record Running(Program.Plane plane, ManagedChannel channel) {}

        private final Path directory;
        private final HttpClient http = HttpClient.newHttpClient();
        private volatile Running running;

        PlaneSlot(Path directory) {
            this.directory = directory;
        }

        Running running() {
            return running;
        }

        @Override
        public void start() throws IOException {
            var plane = Program.Plane.serve(
                    directory,
                    "pulseplane.node-id=" + directory.getFileName(),
                    "pulseplane.store=postgres",
                    "pulseplane.postgres.hosts=localhost:" + postgres.port(),
                    "pulseplane.postgres.database=postgres",
                    "pulseplane.postgres.user=" + Postgres.USER,
                    "pulseplane.postgres.password=" + Postgres.PASSWORD,
                    "pulseplane.redis.hosts=" + redis.url(),
                    "pulseplane.site.key=" + KEY,
                    "pulseplane.spool.patience=1s");
            running = new Running(plane, plane.channel());
        }

        @Override
        public void pause() throws IOException, InterruptedException {
            running.plane.signal("STOP");
        }

        @Override
        public void resume() throws IOException, InterruptedException {
            running.plane.signal("CONT");
        }

        @Override
        public void kill() throws IOException {
            running.plane.close();
            running.channel.shutdownNow();
        }

        @Override
        public void stop() throws IOException, InterruptedException {
            running.plane.stop();
            kill();
        }

        /** The number that one of its metrics has now. */
        double metric(String name) throws IOException, InterruptedException {
            var address = URI.create("http://localhost:" + running.plane.httpPort() + "/q/metrics");
            var answer = http.send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
            return answer.body()
                    .lines()
                    .filter(line -> line.startsWith(name + " "))
                    .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                    .findFirst()
                    .orElseThrow();
        }

        @Override
        public String toString() {
            return "plane " + directory.getFileName();
        }
    }

    private final class Database implements Part {

        @Override
        public void pause() throws IOException {
            postgres.pause();
        }

        @Override
        public void resume() throws IOException {
            postgres.resume();
        }

        @Override
        public void kill() throws IOException {
            postgres.kill();
        }

        @Override
        public void stop() throws IOException {
            postgres.stop();
        }

        @Override
        public void start() throws IOException {
            postgres.start();
        }

        @Override
        public String toString() {
            return "PostgreSQL";
        }
    }

    private final class Cache implements Part {

        @Override
        public void pause() {
            redis.pause();
        }

        @Override
        public void resume() {
            redis.resume();
        }

        @Override
        public void kill() {
            redis.kill();
        }

        @Override
        public void stop() {
            redis.kill();
        }

        @Override
        public void start() {
            redis.start();
        }

        @Override
        public String toString() {
            return "Redis";
        }
    }

    @Override
    public void close() throws IOException {
        for (var slot : planes()) {
            if (slot.running != null) {
                slot.kill();
                awaitTermination(slot.running.channel);
            }
        }
        redis.close();
        postgres.close();
    }

    private static void awaitTermination(ManagedChannel channel) {
        try {
            channel.awaitTermination(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
