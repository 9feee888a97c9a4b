package io.pulseplane.gate.policy;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A policy that is read from a directory, and read again when it changes there. A changed policy is tried off to the side,
 * and takes over at one moment, together with an empty memory of verdicts; one that cannot be read, that hangs, or that
 * does not refuse an empty question is not taken, and the one before stays.
 */
public final class PolicyDirectory implements Policy {

    private static final System.Logger LOG = System.getLogger(PolicyDirectory.class.getName());

    private static final byte[] NOTHING = {'{', '}'};

    private final Path directory;
    private final int instances;
    private final Duration trial;
    private final FileWatch files;
    private final DecisionThreads threads;
    private final CachedPolicy policy;
    private final ScheduledExecutorService checking;

    private String complaint = "";

    /**
     * The policy in the directory, from now on looked after.
     *
     * @param trial what a policy has for being read and for its first decision
     * @throws IOException if there is none that can be used
     */
    PolicyDirectory(Path directory, PolicySettings settings, Duration trial) throws IOException {
        this.directory = directory;
        this.trial = trial;
        instances = settings.instances();
        files = new FileWatch(directory);
        threads = new DecisionThreads(instances);
        try {
            policy = new CachedPolicy(tried(files.changed()), settings.maxVerdicts(), Duration.ZERO);
        } catch (IOException e) {
            threads.close();
            throw new IOException("The policy in " + directory + " cannot be used: " + e.getMessage(), e);
        }
        LOG.log(Level.INFO, "The policy {0} decides, from {1}", policy.digest(), directory);
        checking = Executors.newSingleThreadScheduledExecutor(
                task -> Thread.ofPlatform().daemon().name("policy-watch").unstarted(task));
        var interval = settings.checkEvery().toNanos();
        checking.scheduleWithFixedDelay(this::check, interval, interval, TimeUnit.NANOSECONDS);
    }

    @Override
    public CompletionStage<Verdict> decide(PolicyInput input) {
        return policy.decide(input);
    }

    @Override
    public Verdict cached(PolicyInput input) {
        return policy.cached(input);
    }

    @Override
    public String digest() {
        return policy.digest();
    }

    @Override
    public void close() {
        checking.shutdownNow();
        policy.close();
        threads.close();
    }

    private void check() {
        try {
            var changed = files.changed();
            if (changed != null) {
                take(tried(changed));
            }
            complaint = "";
        } catch (IOException | RuntimeException e) {
            complain(String.valueOf(e.getMessage()));
        }
    }

    private void take(WasmPolicy next) {
        if (next.digest().equals(policy.digest())) {
            next.close();
            return;
        }
        policy.replace(next);
        LOG.log(Level.INFO, "The policy {0} decides from now on, from {1}", next.digest(), directory);
    }

    /** Once about the same thing, not at every look. */
    private void complain(String about) {
        if (!about.equals(complaint)) {
            LOG.log(Level.WARNING, "The policy in {0} is not taken, {1} stays: {2}", directory, policy.digest(), about);
        }
        complaint = about;
    }

    /** On a thread that can be given up, because nothing is known yet of what it runs. */
    private WasmPolicy tried(FileWatch.Changed changed) throws IOException {
        var task = new FutureTask<>(() -> {
            var file = PolicyFile.read(changed.file(), changed.bytes());
            var candidate = new WasmPolicy(PolicyModule.interpreted(file.wasm(), file.data()), instances, threads);
            if (Answer.ofModule(candidate.evaluate(NOTHING)).permitted()) {
                throw new IOException("it permits an empty question, where it should be closed by default");
            }
            return candidate;
        });
        Thread.ofPlatform().daemon().name("policy-trial").start(task);
        try {
            return task.get(trial.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            task.cancel(true);
            throw new IOException("it has not answered in " + trial.toMillis() + " ms", e);
        } catch (ExecutionException e) {
            var cause = e.getCause();
            throw new IOException(cause.getMessage() == null ? cause.toString() : cause.getMessage(), cause);
        } catch (InterruptedException e) {
            task.cancel(true);
            Thread.currentThread().interrupt();
            throw new IOException("the plane is stopping", e);
        }
    }
}
