package io.pulseplane.gate.policy;

import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A policy that is read from a directory, and read again when it changes there. The plane tries a changed policy first,
 * and then replaces the old one at one moment, together with the cache of decisions. It keeps the old one if the new
 * one cannot be read, hangs, or permits an empty input.
 *
 * <p>From the moment when a change is seen until the new policy was tried, nobody decides: the old policy may permit
 * too much. Decisions wait that long, and fail with {@link PlaneException.Unavailable} if they wait too long.
 */
public final class PolicyDirectory implements Policy {

    private static final System.Logger LOG = System.getLogger(PolicyDirectory.class.getName());

    private static final byte[] EMPTY_INPUT = {'{', '}'};

    /** The digest while a new policy is tried. */
    static final String UNDECIDED = "undecided";

    private final Path directory;
    private final int instances;
    private final Duration trialTimeout;
    private final Duration decisionTimeout;
    private final FileWatch fileWatch;
    private final DecisionThreads threads;
    private final CachedPolicy policy;
    private final ScheduledExecutorService poller;

    /** Ends when the policy that is tried is taken or not. Null while none is tried. */
    private volatile CompletableFuture<Void> trial;

    private String lastWarning = "";

    /**
     * Reads the policy in the directory, and watches it from now on.
     *
     * @param trialTimeout how long a policy may take to be read and to make its first decision
     * @param decisionTimeout how long a decision may take that waits for a new policy, with that wait
     * @throws IOException if there is no usable policy
     */
    PolicyDirectory(Path directory, PolicySettings settings, Duration trialTimeout, Duration decisionTimeout)
            throws IOException {
        this.directory = directory;
        this.trialTimeout = trialTimeout;
        this.decisionTimeout = decisionTimeout;
        instances = settings.instances();
        fileWatch = new FileWatch(directory);
        threads = new DecisionThreads(instances);
        try {
            policy = new CachedPolicy(loadAndTry(fileWatch.poll()), settings.maxCachedDecisions(), Duration.ZERO);
        } catch (IOException e) {
            threads.close();
            throw new IOException("The policy in " + directory + " cannot be used: " + e.getMessage(), e);
        }
        LOG.log(Level.INFO, "The policy {0} decides, from {1}", policy.digest(), directory);
        poller = Executors.newSingleThreadScheduledExecutor(
                task -> Thread.ofPlatform().daemon().name("policy-watch").unstarted(task));
        var interval = settings.checkInterval().toNanos();
        // Ends with the executor; poll() handles its exceptions.
        var _ = poller.scheduleWithFixedDelay(this::poll, interval, interval, TimeUnit.NANOSECONDS);
    }

    @Override
    public CompletionStage<PolicyDecision> decide(PolicyInput input) {
        var current = trial;
        if (current != null) {
            return within(decisionTimeout, current.thenCompose(_ -> policy.decide(input)));
        }
        var deciding = policy;
        // What the old policy decides after a change was seen does not count.
        return deciding.decide(input)
                .thenCompose(decision -> trial == null && policy == deciding
                        ? CompletableFuture.completedStage(decision)
                        : decide(input));
    }

    private static CompletionStage<PolicyDecision> within(
            Duration timeout, CompletableFuture<PolicyDecision> decision) {
        return decision.orTimeout(timeout.toNanos(), TimeUnit.NANOSECONDS)
                .exceptionallyCompose(failure -> CompletableFuture.failedStage(
                        failure instanceof TimeoutException
                                ? new PlaneException.Unavailable("the policy has not decided in time", failure)
                                : failure));
    }

    @Override
    public PolicyDecision cached(PolicyInput input) {
        return trial == null ? policy.cached(input) : null;
    }

    @Override
    public String digest() {
        return trial == null ? policy.digest() : UNDECIDED;
    }

    @Override
    public void close() {
        poller.shutdownNow();
        policy.close();
        threads.close();
    }

    private void poll() {
        try {
            var changed = fileWatch.poll();
            if (changed != null) {
                trial = new CompletableFuture<>();
                adopt(loadAndTry(changed));
            }
            lastWarning = "";
        } catch (IOException | RuntimeException e) {
            endTrial();
            warnOnce(String.valueOf(e.getMessage()));
        } finally {
            endTrial();
        }
    }

    /** Lets the policy decide that is there now, the new one or the old one. */
    private void endTrial() {
        var ended = trial;
        trial = null;
        if (ended != null) {
            ended.complete(null);
        }
    }

    private void adopt(WasmPolicy next) {
        if (next.digest().equals(policy.digest())) {
            next.close();
            return;
        }
        policy.replace(next);
        LOG.log(Level.INFO, "The policy {0} decides from now on, from {1}", next.digest(), directory);
    }

    /** Warns once about the same problem, not at every check. */
    private void warnOnce(String problem) {
        if (!problem.equals(lastWarning)) {
            LOG.log(
                    Level.WARNING,
                    "The policy in {0} is not taken, {1} stays: {2}",
                    directory,
                    policy.digest(),
                    problem);
        }
        lastWarning = problem;
    }

    /** Runs on a thread of its own, which can be abandoned if the unknown module hangs. */
    private WasmPolicy loadAndTry(FileWatch.ChangedFile changed) throws IOException {
        var task = new FutureTask<>(() -> {
            var file = PolicyFile.read(changed.file(), changed.bytes());
            var candidate = new WasmPolicy(PolicyModule.interpreted(file.wasm(), file.data()), instances, threads);
            if (PolicyDocument.parseModuleAnswer(candidate.evaluate(EMPTY_INPUT))
                    .isPermitted()) {
                throw new IOException("it permits an empty question, but a policy must refuse by default");
            }
            return candidate;
        });
        Thread.ofPlatform().daemon().name("policy-trial").start(task);
        try {
            return task.get(trialTimeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            task.cancel(true);
            throw new IOException("it has not answered in " + trialTimeout.toMillis() + " ms", e);
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
