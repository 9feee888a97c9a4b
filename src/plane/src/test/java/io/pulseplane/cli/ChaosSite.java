package io.pulseplane.cli;

import io.grpc.ManagedChannel;
import io.pulseplane.coherence.RedisProcess;
import io.pulseplane.store.postgres.PostgresServer;
import io.pulseplane.store.postgres.RestartablePostgres;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Two planes, PostgreSQL and Redis, each in a process of its own that a test can pause, stop and kill. */
final class ChaosSite implements AutoCloseable {

    /** One of the processes. */
    interface Component {

        void pause() throws IOException, InterruptedException;

        void resume() throws IOException, InterruptedException;

        void kill() throws IOException, InterruptedException;

        void stop() throws IOException, InterruptedException;

        void start() throws IOException, InterruptedException;
    }

    private static final String KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    final RestartablePostgres postgres = new RestartablePostgres();
    final RedisProcess redis = new RedisProcess();
    final PlaneComponent one;
    final PlaneComponent two;

    ChaosSite(Path directory) throws IOException {
        one = new PlaneComponent(directory.resolve("one"));
        two = new PlaneComponent(directory.resolve("two"));
        one.start();
        two.start();
    }

    List<PlaneComponent> planes() {
        return List.of(one, two);
    }

    List<Component> components() {
        return List.of(one, two, new PostgresComponent(), new RedisComponent());
    }

    /** A plane. After each start it is another instance. */
    final class PlaneComponent implements Component {

        record Instance(Program.Plane plane, ManagedChannel channel) {}

        private final Path directory;
        private final HttpClient http = HttpClient.newHttpClient();
        private volatile Instance instance;

        PlaneComponent(Path directory) {
            this.directory = directory;
        }

        Instance instance() {
            return instance;
        }

        @Override
        public void start() throws IOException {
            var plane = Program.Plane.serve(
                    directory,
                    "pulseplane.node-id=" + directory.getFileName(),
                    "pulseplane.store=postgres",
                    "pulseplane.postgres.hosts=localhost:" + postgres.port(),
                    "pulseplane.postgres.database=postgres",
                    "pulseplane.postgres.user=" + PostgresServer.USER,
                    "pulseplane.postgres.password=" + PostgresServer.PASSWORD,
                    "pulseplane.redis.hosts=" + redis.url(),
                    "pulseplane.site.key=" + KEY,
                    "pulseplane.spool.write-timeout=1s");
            instance = new Instance(plane, plane.channel());
        }

        @Override
        public void pause() throws IOException, InterruptedException {
            instance.plane.signal("STOP");
        }

        @Override
        public void resume() throws IOException, InterruptedException {
            instance.plane.signal("CONT");
        }

        @Override
        public void kill() throws IOException {
            instance.plane.close();
            instance.channel.shutdownNow();
        }

        @Override
        public void stop() throws IOException, InterruptedException {
            instance.plane.stop();
            kill();
        }

        /** The current value of a metric without labels. */
        double metric(String name) throws IOException, InterruptedException {
            var address = URI.create("http://localhost:" + instance.plane.httpPort() + "/q/metrics");
            var response = http.send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
            return response.body()
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

    private final class PostgresComponent implements Component {

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

    private final class RedisComponent implements Component {

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
        for (var plane : planes()) {
            if (plane.instance != null) {
                plane.kill();
                awaitTermination(plane.instance.channel);
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
