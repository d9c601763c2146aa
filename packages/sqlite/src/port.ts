import { createPace, settledBy, type Consumer, type Side } from '@postern/core/inbox'
import { createAcceptWithin } from './within.ts'
import { createAccept } from './accept.ts'
import { createClaim } from './claim.ts'
import { createCommit } from './commit.ts'
import { transactionsOfApp } from './in-transaction.ts'
import { createLanes } from './lanes.ts'
import { createFileWatch } from './lease.ts'
import { createReady } from './ready.ts'
import { createReclaim } from './reclaim.ts'
import { createRest } from './rest.ts'
import { createRun } from './run.ts'
import { reading, type Store } from './store.ts'

// Milliseconds that storing given-back tasks may take after the time to close.
const MARGIN = 250

/** Makes a receiver's side of the inbox. */
export function createPort(store: Store, consumer: Consumer, onWork: () => void): Side {
  const ready = createReady(store.driver.main, store.turns)
  const lanes = createLanes(consumer, store.tally, () => runner.slots())
  const reclaim = createReclaim(store, consumer, lanes)
  const claim = createClaim(store, { consumer, lanes, ready, runner: () => runner })
  const runner = createRun(store, {
    consumer,
    commit: createCommit(store, consumer),
    fetch: claim,
    reclaim: () => watch.look(),
    rest: createRest(store, consumer, lanes),
  })
  const watch = createFileWatch(store, { consumer, lanes, ready, reclaim, look: runner.look })
  const pace = createPace(() => consumer.now())
  const accept = createAccept(store, consumer, lanes, runner, pace)
  const acceptWithin = createAcceptWithin(store, consumer, lanes, runner, pace)
  let working = false

  return {
    look: runner.look,
    accept(intake, host) {
      const db = transactionsOfApp.of(host)
      return db ? acceptWithin(db, intake) : accept(intake)
    },
    work() {
      working = true
      onWork()
      watch.start()
      runner.work()
    },
    async drain(until, max, last) {
      reading(store, () => {})
      watch.start()
      try {
        return await runner.drain(until, max, last)
      } finally {
        if (!working) watch.stop()
      }
    },
    async close(until) {
      await runner.close(until)
      watch.stop()
      await settledBy(store.writer.flushed(), Math.max(until, Date.now() + MARGIN))
    },
  }
}
