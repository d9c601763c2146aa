import { createHash, randomUUID } from 'node:crypto'
import type { Inbox } from '@postern/core/inbox'
import type { Alert } from './alert.ts'
import type { Current } from './current.ts'

const KEY = 'inspector:alerts'
const MOST = 500

/** What was told of, in the inbox: one process changes it at a time. */
type State = {
  readonly holder: string
  /** Until when no other process tells, in milliseconds since 1970. */
  readonly until: number
  readonly open: { readonly [key: string]: Open }
}

type Open = Pick<Alert, 'id' | 'kind' | 'text' | 'since'> & { readonly receiver?: string }

/** The argument of {@link createTelling}. */
interface TellingOptions {
  /** Milliseconds between two looks. */
  readonly every: number
  readonly now: () => number
  /** True once it is sent. */
  readonly send: (alert: Omit<Alert, 'app'>) => Promise<boolean>
}

/** Compares what is with what was told of. */
interface Telling {
  /** `isCut`: there are more causes than it was given, so that none has surely ended. */
  look(
    inbox: Inbox,
    ask: () => Promise<{ readonly current: readonly Current[]; readonly isCut: boolean }>,
  ): Promise<void>
  /** The inbox does not answer: the process that told last tells it, and one that has not met another. */
  down(text: string): Promise<void>
}

/** Makes a {@link Telling}. */
export function createTelling({ every, now, send }: TellingOptions): Telling {
  const me = randomUUID()
  let isOther = false
  let outage: Open | undefined

  return {
    async look({ records }, ask) {
      const before = await records!.get(KEY)
      const state = (before?.value as State | undefined) ?? { holder: '', until: 0, open: {} }
      const at = now()
      // A holder that set its time before the clock was set back would hold all others off for as long.
      isOther = state.holder !== me && state.until > at && state.until <= at + 3 * every
      if (isOther) return
      const held: State = { ...state, holder: me, until: at + 3 * every }
      if (!(await records!.set(KEY, held, before?.version ?? 0))) return
      const { current, isCut } = await ask()
      if (outage && (await tell(outage, 'ended', at))) outage = undefined
      const mine = await records!.get(KEY)
      if ((mine?.value as State | undefined)?.holder !== me) return
      const open = await compared(state.open, current, isCut, at)
      await records!.set(KEY, { ...held, open, until: now() + 3 * every }, mine!.version)
    },
    async down(text) {
      if (isOther || outage) return
      const since = now()
      const begun: Open = { id: idOf('inbox', since), kind: 'inbox', text, since }
      if (await tell(begun, 'begun', since)) outage = begun
    },
  }

  /** What is told of from now on. What could not be sent stays as it was, and is tried again. */
  async function compared(
    known: State['open'],
    current: readonly Current[],
    isCut: boolean,
    at: number,
  ): Promise<State['open']> {
    const open: Record<string, Open> = {}
    const still = new Set(current.map(({ key }) => key))
    for (const [key, one] of Object.entries(known)) {
      const stays = still.has(key) || (isCut && one.kind === 'dead')
      if (stays || !(await tell(one, 'ended', at))) open[key] = one
    }
    for (const { key, ...one } of current) {
      if (Object.hasOwn(known, key) || Object.keys(open).length >= MOST) continue
      const begun: Open = { ...one, since: one.since || at, id: idOf(key, at) }
      if (await tell(begun, 'begun', at)) open[key] = begun
    }
    return open
  }

  function tell(one: Open, state: Alert['state'], at: number): Promise<boolean> {
    return send({ ...one, state, at })
  }
}

function idOf(key: string, at: number): string {
  return `${createHash('sha256').update(key).digest('hex').slice(0, 16)}_${at.toString(36)}`
}
