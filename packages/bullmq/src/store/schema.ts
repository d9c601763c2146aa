import { randomUUID } from 'node:crypto'
import {
  checkLiving,
  checkReadable,
  createVersionWatch,
  migrationOf,
  shutOut,
  type Layout,
  type LayoutStep,
  type Migrated,
  type Migration,
  type VersionWatch,
  type Versions,
} from '@postern/core/engine'
import { runScript, type RedisClient } from './connection.ts'
import { PREFIX } from '../settings.ts'

/**
 * A step is a script that is run again and again with what it returned, at first with '', until it returns ''; each run is
 * short. Several processes may run it next to each other, and again after a crash. KEYS: prefix; ARGV: what it returned.
 */
export type KeysLayout = Layout<string>

/** The steps of the keys and fields, each to its version from the one before. A step that was released is never changed again. */
export const STEPS: readonly LayoutStep<string>[] = [{ change: "return ''" }]

// A process without a sign of life for that long is gone, in milliseconds: it gives one every few seconds.
const GONE = 60_000
// How much later than expected the store's time may be, in milliseconds: more is a step of the server's clock.
const STEP = 1000
// How far the clock of this machine may be from that of Redis, in milliseconds.
const AGREE = 1000

/** The layout of this package, and how messages name the keys. */
export function layoutOf(prefix: string, steps: readonly LayoutStep<string>[] = STEPS): KeysLayout {
  return {
    inbox: 'bullmqInbox',
    package: '@postern/bullmq',
    place: `prefix ${prefix}`,
    steps,
    force:
      prefix === PREFIX
        ? 'postern inbox migrate --force --redis <url>'
        : `migrate({ connection, prefix: '${prefix}', force: true }) of @postern/bullmq`,
  }
}

type SignReply = readonly [
  version: number,
  oldest: number,
  now: number,
  mark: string,
  before: string,
  steady: number,
  ...living: number[],
]

/** A process on the keys of a prefix. */
export interface Joined {
  /** Brings the keys up to date. Throws a `TypeError` if it must not work on them, or must not migrate without `force`. */
  migrate(force?: boolean): Promise<Migrated>
  /** Whether it may work on them. */
  readonly versionWatch: VersionWatch
  /** That of this machine while both agree, else that of the store, in milliseconds since 1970. */
  readonly clock: () => number
  /** False for as long as a lease, since the server's clock stepped: those who live renew theirs. */
  readonly steady: () => Promise<boolean>
  leave(): Promise<void>
}

/** Who hears of the keys. */
interface JoinedHost {
  /** As that of `createVersionWatch`. */
  readonly changed: (rejected: string | undefined) => void
  /** Called with each sign of life. */
  readonly alive?: () => void
  /** What was stored is `gone`, or the store is an `older` state of itself. */
  readonly lost?: (how: 'gone' | 'older') => void
  /** The lease of this process, in milliseconds. */
  readonly lease?: number
}

/** The same for a process that only reads: it gives no sign of life, and its check throws a `TypeError` where no inbox is. */
export function readKeys(
  client: RedisClient,
  prefix: string,
  layout: KeysLayout,
  { changed }: JoinedHost,
): Omit<Joined, 'migrate'> {
  const versionWatch = createVersionWatch(async () => {
    const [version, oldest] = await client.hmget(`${prefix}:schema`, 'version', 'oldest')
    checkReadable(layout, { version: Number(version), oldest: Number(oldest) })
    return undefined
  }, changed)
  const leave = async (): Promise<void> => versionWatch.stop()
  // It ends no lease.
  return { versionWatch, clock: Date.now, steady: async () => false, leave }
}

/** Makes it. */
export function joinKeys(
  client: RedisClient,
  prefix: string,
  layout: KeysLayout,
  { changed, alive, lost, lease = 0 }: JoinedHost,
): Joined {
  const self = [layout.steps.length, randomUUID()] as const
  /** Of the store's clock to the monotonic one. */
  let ahead: number | undefined
  /** Of the store, and when this process gave a sign of life by the store's clock. */
  let mark = ''
  let signed = 0
  const versionWatch = createVersionWatch(async () => {
    const { stored } = await sign()
    if (stored.version >= layout.steps.length) return shutOut(layout, stored)
    try {
      await migrate()
      return undefined
    } catch (error) {
      // It cannot work without what the step makes.
      if (error instanceof TypeError) return error.message
      throw error
    }
  }, changed)
  return {
    migrate,
    versionWatch,
    clock,
    steady: async () => (await sign()).steady,
    async leave() {
      versionWatch.stop()
      if (client.status === 'ready') await runScript(client, 'posternLeave', prefix, ...self)
    },
  }

  function clock(): number {
    const wall = Date.now()
    const server = ahead === undefined ? wall : Math.floor(ahead + performance.now())
    // The server's clock is known late, by the time that its reply took.
    return Math.abs(server - wall) < AGREE ? wall : server
  }

  async function sign(): Promise<{
    stored: Versions
    living: readonly number[]
    steady: boolean
  }> {
    const reply = await runScript(
      client,
      'posternAlive',
      prefix,
      ...self,
      GONE,
      expected(),
      Math.ceil(lease),
    )
    const [version, oldest, time, its, before, steady, ...living] = reply as SignReply
    let now = time
    const isStep = ahead !== undefined && its === mark && time > expected() + STEP
    if (isStep) now = Number(await runScript(client, 'posternStep', prefix, expected()))
    ahead = now - performance.now()
    if (mark !== '' && its !== mark) lost?.('gone')
    else if (before !== '' && Number(before) < signed) lost?.('older')
    mark = its
    signed = now
    alive?.()
    return { stored: { version, oldest }, living, steady: steady === 1 && !isStep }
  }

  /** The store's time, as far as it passed as on the monotonic clock; 0 if it is not known. */
  function expected(): number {
    return ahead === undefined ? 0 : Math.floor(ahead + performance.now())
  }

  async function migrate(force = false): Promise<Migrated> {
    const { stored: from, living } = await sign()
    const migration = migrationOf(layout, from)
    if (!migration) return { from, to: from }
    if (from.version > 0 && !force) checkLiving(layout, migration, from, living)
    await change(migration, from)
    return { from, to: migration.to }
  }

  /** Who is shut out is so from the start; the version counts when all is changed. */
  async function change({ changes, to }: Migration<string>, from: Versions): Promise<void> {
    const drawn = randomUUID()
    await runScript(client, 'posternRaise', prefix, from.version, to.oldest, drawn)
    for (const script of changes) {
      let place = ''
      do place = String(await client.eval(script, 1, prefix, place))
      while (place !== '')
    }
    await runScript(client, 'posternRaise', prefix, to.version, to.oldest, drawn)
  }
}
