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
 * A policy evaluated in process: the built-in one, compiled, in microseconds on the thread that asks; one that is
 * interpreted, in milliseconds on threads of its own. It keeps a bounded number of instances; where more threads than that
 * decide at once, each of the others has one of its own for that decision. What the policy cannot answer is refused, and
 * counted.
 */
public final class WasmPolicy implements Policy {

    private static final System.Logger LOG = System.getLogger(WasmPolicy.class.getName());

    private static final Duration RETRY_AFTER = Duration.ofMillis(100);

    private final PolicyModule module;
    private final Executor executor;
    private final BlockingQueue<Evaluator> idle;
    private final PolicyDecision permitted;
    private final AtomicLong errors = new AtomicLong();

    /** @param executor where decisions are made; {@code Runnable::run} for a module that was compiled */
    WasmPolicy(PolicyModule module, int keptInstances, Executor executor) {
        this.module = module;
        this.executor = executor;
        idle = new ArrayBlockingQueue<>(keptInstances);
        permitted = new PolicyDecision(true, List.of(), module.digest());
    }

    @Override
    public CompletionStage<PolicyDecision> decide(PolicyInput input) {
        var verdict = new CompletableFuture<PolicyDecision>();
        try {
            executor.execute(() -> verdict.complete(decideNow(InputJson.of(input))));
        } catch (RejectedExecutionException e) {
            verdict.completeExceptionally(
                    new PlaneException.ResourceExhausted("Too many decisions wait for the policy", RETRY_AFTER));
        }
        return verdict;
    }

    /** The verdict on an input in JSON, on the thread that asks. */
    PolicyDecision decideNow(byte[] input) {
        try {
            var answer = PolicyDocument.parseModuleAnswer(evaluate(input));
            return answer.isPermitted() ? permitted : new PolicyDecision(false, answer.reasons(), module.digest());
        } catch (IOException | RuntimeException | StackOverflowError e) {
            countError(e);
            return PolicyDecision.error(module.digest());
        }
    }

    /** Says it the first time, and ever more rarely: a policy that fails would fill the disk with saying so. */
    private void countError(Throwable failure) {
        var count = errors.incrementAndGet();
        if (Long.bitCount(count) == 1) {
            LOG.log(
                    Level.WARNING,
                    "The policy {0} gave no decision, {1} times until now: {2}",
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
        idle.offer(evaluator); // one that threw is gone, as is one too many
        return answer;
    }

    @Override
    public String digest() {
        return module.digest();
    }

    /** How many questions the policy could not answer. */
    public long errors() {
        return errors.get();
    }

    /** The instances kept. */
    List<Evaluator> idle() {
        return List.copyOf(idle);
    }

    @Override
    public void close() {
        idle.clear();
    }
}
