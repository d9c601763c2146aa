import type { Consumer, Outcome } from '@postern/core/engine'
import type { Inbox } from '@postern/core/inbox'

/** Adds a mistake to an inbox. */
export type Flaw = (inbox: Inbox) => Inbox

/**
 * Counts a run without an outcome as an attempt. A crash then costs all running tasks an attempt, not only the task
 * that caused it.
 */
export function chargesNeighbours(): Flaw {
  const unfinished = new Map<string, number>()
  return (inbox) =>
    withConsumer(inbox, (consumer) => ({
      ...consumer,
      run(claim, signal) {
        const count = unfinished.get(claim.id) ?? 0
        unfinished.set(claim.id, count + 1)
        return consumer.run({ ...claim, attempt: claim.attempt + count }, signal)
      },
      settled(claim, outcome, stored, ran) {
        if (stored) unfinished.delete(claim.id)
        consumer.settled(claim, outcome, stored, ran)
      },
    }))
}

/** Counts an attempt for each task that still runs when its receiver closes. */
export function closeUsesAttempt(): Flaw {
  const used = new Map<string, number>()
  return (inbox) => {
    const running = new Set<string>()
    const flawed = withConsumer(inbox, (consumer) => ({
      ...consumer,
      run(claim, signal) {
        running.add(claim.id)
        const count = used.get(claim.id) ?? 0
        return consumer.run({ ...claim, attempt: claim.attempt + count }, signal)
      },
      settled(claim, outcome, stored, ran) {
        running.delete(claim.id)
        consumer.settled(claim, outcome, stored, ran)
      },
    }))
    return {
      ...flawed,
      attach(consumer) {
        const port = flawed.attach(consumer)
        return {
          ...port,
          async close(until) {
            await port.close(until)
            for (const id of running) used.set(id, (used.get(id) ?? 0) + 1)
            running.clear()
          },
        }
      },
    }
  }
}

/** Never splits a batch of outcomes: one that cannot be stored blocks all others. */
export function neverSplits(): Flaw {
  const stuck = new Promise<Outcome>(() => {})
  let broken = false
  return (inbox) =>
    withConsumer(inbox, (consumer) => ({
      ...consumer,
      async run(claim, signal) {
        const outcome = await consumer.run(claim, signal)
        // Waits for other tasks that end in the same event loop turn, which are stored as one batch.
        broken ||= isUnstorable(outcome)
        await new Promise(setImmediate)
        return broken ? stuck : outcome
      },
    }))
}

/** Counts the events to erase but keeps them, as in a dry run. */
export function erasesNothing(): Flaw {
  return (inbox) => ({
    ...inbox,
    view: {
      ...inbox.view!,
      erase: (filter, options) => inbox.view!.erase(filter, { ...options, dryRun: true }),
    },
  })
}

/** Deletes open tasks to erase their events, so that they never run. */
export function erasesWhatIsOpen(): Flaw {
  return (inbox) => ({
    ...inbox,
    view: {
      ...inbox.view!,
      async erase(filter, options) {
        if (!options?.dryRun) await inbox.view!.delete(filter)
        return inbox.view!.erase(filter, options)
      },
    },
  })
}

function withConsumer(inbox: Inbox, change: (consumer: Consumer) => Consumer): Inbox {
  return { ...inbox, attach: (consumer) => inbox.attach(change(consumer)) }
}

function isUnstorable(outcome: Outcome): boolean {
  if (outcome.kind !== 'done') return false
  try {
    JSON.stringify(outcome)
    return false
  } catch {
    return true
  }
}
