package io.pulseplane.gate.policy;

import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A policy that is evaluated in process. The built-in one is compiled and takes microseconds on the calling thread; an
 * interpreted one takes milliseconds on threads of its own.
 *
 * <p>It keeps a bounded number of instances. If more threads decide at once, each of the others makes an instance for
 * that decision. If the policy fails, the decision is to refuse, and the failure is counted.
 */
public final class WasmPolicy implements Policy {

    private static final System.Logger LOG = System.getLogger(WasmPolicy.class.getName());

    private static final Duration RETRY_AFTER = Duration.ofMillis(100);

    private final PolicyModule module;
    private final Executor executor;
    private final BlockingQueue<Evaluator> idle;
    private final PolicyDecision permitted;
    private final AtomicLong errors = new AtomicLong();

    /** @param executor runs decisions; {@code Runnable::run} for a compiled module */
    WasmPolicy(PolicyModule module, int instances, Executor executor) {
        this.module = module;
        this.executor = executor;
        idle = new ArrayBlockingQueue<>(instances);
        permitted = new PolicyDecision(true, List.of(), module.digest());
    }

    @Override
    public CompletionStage<PolicyDecision> decide(PolicyInput input) {
        var decision = new CompletableFuture<PolicyDecision>();
        try {
            executor.execute(() -> decision.complete(decideNow(InputJson.of(input))));
        } catch (RejectedExecutionException e) {
            decision.completeExceptionally(
                    new PlaneException.ResourceExhausted("Too many decisions wait for the policy", RETRY_AFTER));
        }
        return decision;
    }

    /** Decides on an input in JSON, on the calling thread. */
    PolicyDecision decideNow(byte[] input) {
        try {
            var answer = PolicyDocument.parseModuleAnswer(evaluate(input));
            return answer.isPermitted() ? permitted : new PolicyDecision(false, answer.reasons(), module.digest());
        } catch (IOException | RuntimeException | StackOverflowError e) {
            countError(e);
            return PolicyDecision.error(module.digest());
        }
    }

    /** Logs after 1, 2, 4, 8 failures and so on, so that a failing policy does not fill the disk. */
    private void countError(Throwable failure) {
        var count = errors.incrementAndGet();
        if (Long.bitCount(count) == 1) {
            LOG.log(
                    Level.WARNING,
                    "The policy {0} failed to decide, {1} times until now: {2}",
                    module.digest(),
                    count,
                    failure.toString());
        }
    }

    byte[] evaluate(byte[] input) {
        var evaluator = idle.poll();
        if (evaluator == null) {
            evaluator = new Evaluator(module);
        }
        var answer = evaluator.evaluate(input);
        idle.offer(evaluator); // not reached if it threw; an instance too many is dropped
        return answer;
    }

    @Override
    public String digest() {
        return module.digest();
    }

    /** How many decisions failed. */
    public long errors() {
        return errors.get();
    }

    /** The instances that wait for the next decision. */
    List<Evaluator> idle() {
        return List.copyOf(idle);
    }

    @Override
    public void close() {
        idle.clear();
    }
}
