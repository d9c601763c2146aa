import type { Consumer, Inbox } from '../inbox.ts'
import { attachment, type Side } from '../attach/attachment.ts'
import { settledBy } from '../../basics/deadline.ts'
import { accept } from './accept/accept.ts'
import { createLaneQueues } from './run/claim.ts'
import { drainMemory } from './run/drain.ts'
import { memoryJournal } from './journal/journal.ts'
import { memoryRecords } from './records.ts'
import { abort, giveBackAll, start } from './run/run.ts'
import { readyLater } from './run/settle.ts'
import { DEFAULT_WINDOW } from './window.ts'
import { memorySettings, type MemoryInboxOptions } from './settings.ts'
import { createState, openTasks, type MemoryState, type MemoryStore } from './state.ts'
import { memoryActions } from './operate/actions.ts'
import { memoryView } from './operate/view.ts'

/**
 * An inbox in the memory of this process. It dedupes, retries, keeps dead tasks and replays, and it FORGETS what it
 * acknowledged when the process ends: for development, tests, and events you can afford to lose. It keeps no done tasks.
 * `sqliteInbox` of `@postern/sqlite` keeps them in one file.
 *
 * @example
 * const receiver = createReceiver({ provider: github({ secret }), inbox: memoryInbox({ maxPending: 1000 }) })
 */
export function memoryInbox(options: MemoryInboxOptions = {}): Inbox<never> {
  const settings = memorySettings(options)
  const store: MemoryStore = { states: new Map(), sequence: 0, version: 0, acted: new Map() }
  const actions = memoryActions(store)
  const receivers = attachment({
    inbox: 'memoryInbox',
    ...(settings.window !== undefined && { window: { option: 'window', time: settings.window } }),
    join,
    close: async () => {},
  })
  return {
    name: 'memoryInbox',
    can: {
      order: true,
      transaction: false,
      durable: false,
      fair: true,
      search: 'scan',
    },
    window: settings.window ?? DEFAULT_WINDOW,
    attach: (consumer) => receivers.attach(consumer),
    view: memoryView(store, actions),
    records: memoryRecords(),
    journal: memoryJournal(store, settings, actions),
    maxPending: settings.maxPending,
    close: () => receivers.close(),
  }

  function join(consumer: Consumer): Side {
    const { receiver, retrySpan } = consumer
    const known = store.states.get(receiver)
    const window = settings.window ?? Math.max(DEFAULT_WINDOW, retrySpan)
    const state = known ?? createState(store, consumer, { ...settings, window })
    store.states.set(receiver, state)
    begin(state, consumer)
    const { closing } = state
    return {
      accept: (intake, host) => accept(state, intake, host),
      work: () => state.lanes.work(),
      drain: (until, max, last) => drainMemory(state, until, max, last),
      close: (until) => end(state, closing, until),
    }
  }
}

/** Goes on with the tasks that are left, for a receiver that came now. */
function begin(state: MemoryState, consumer: Consumer): void {
  // One that closes still has its time; its tasks are needed now.
  abort(state)
  giveBackAll(state)
  state.consumer = consumer
  state.closing = new AbortController()
  state.lanes = createLaneQueues(consumer, (task) => start(state, task))
  for (const task of openTasks(state)) {
    task.timer = undefined
    if (task.due <= consumer.now()) state.lanes.add(task)
    else {
      state.lanes.hold(task)
      readyLater(state, task)
    }
  }
}

/** Ends one receiver's time: `closing` is its own, and another receiver of its name may have come. */
async function end(state: MemoryState, closing: AbortController, until: number): Promise<void> {
  const now = performance.now()
  const { lanes } = state
  // Durable inboxes claim no more. Here a task that does not run is lost with the process: half of the time is for those.
  if (now < until) await settledBy(lanes.idle(), now + (until - now) / 2)
  if (state.closing !== closing) return
  abort(state)
  // A turn of the event loop at least: a handler that ends at once for the signal is not cut off.
  await settledBy(lanes.idle(), until)
  if (state.closing === closing) giveBackAll(state)
}
