import { delivery, ID_HEADERS } from '../deliveries.ts'
import { unique } from '../inboxes.ts'
import { median } from '../../services/figures.ts'
import type { Subject } from '../subjects/subject.ts'
import { subjects } from '../subjects/subjects.ts'
import type { Load } from './messages.ts'
import { type Loader, type RunningServer, startServer } from './processes.ts'

/** Result of a subject with one body size, over all rounds. */
export interface Measured {
  readonly name: string
  /** Median CPU time per request at the server, in microseconds. */
  readonly micros: number
  /** Requests per CPU second, divided by those of the reference. The median of the rounds' ratios. */
  readonly cap: number
  readonly rate: number
  /** Resident memory of the server after the rounds, in bytes. */
  readonly rss: number
}

export interface GroupOptions {
  readonly names: readonly string[]
  /** The subject that all others are compared with. */
  readonly reference: string
  /** Environment variables with the databases' URLs. */
  readonly env: Readonly<Record<string, string>>
  readonly bytes: number
  readonly rounds: number
  /** Duration of each subject in each round, in milliseconds. */
  readonly time: number
  /** Load on each subject before the first round. */
  readonly warmUp: Stretching
  /** Called for a subject that cannot be measured. The others continue. */
  leftOut(name: string, error: unknown): void
}

type Stretching = Pick<Load, 'time' | 'least' | 'most'>

const CONNECTIONS = 64

/**
 * Starts a server process per subject and loads the subjects in turn, in rounds. Other load on the machine then affects
 * all subjects alike, and ratios compare values of one round. Leaves out a subject that rejects a request or does not
 * handle an event. Throws if that subject is the reference.
 */
export async function measureGroup(
  loader: Loader,
  group: GroupOptions,
): Promise<readonly Measured[]> {
  let { names } = group
  const served = new Map<string, { subject: Subject; server: RunningServer }>()
  const micros = new Map<string, number[]>(names.map((name) => [name, []]))
  const rates = new Map<string, number[]>(names.map((name) => [name, []]))
  const rss = new Map<string, number>()
  try {
    for (const name of names) {
      const subject = subjects[name]!
      // Each server gets its own schema or database. The previous server was killed before it stored all outcomes, and
      // this server must not run those tasks.
      const env = { ...group.env, BENCH_PLACE: unique() }
      served.set(name, { subject, server: await startServer(name, env) })
    }
    for (const name of names) await attempt(name, group.warmUp)
    for (let round = 0; round < group.rounds; round++) await once(round)
  } finally {
    await Promise.all([...served.values()].map(({ server }) => server.stop()))
  }
  const reference = micros.get(group.reference)!
  return names.map((name) => ({
    name,
    micros: median(micros.get(name)!),
    cap: median(micros.get(name)!.map((one, round) => reference[round]! / one)),
    rate: median(rates.get(name)!),
    rss: rss.get(name)!,
  }))

  async function once(round: number): Promise<void> {
    const start = round % names.length
    for (const name of [...names.slice(start), ...names.slice(0, start)]) {
      const found = await attempt(name, { time: group.time })
      if (!found) continue
      micros.get(name)!.push(found.cpu / found.requests)
      rates.get(name)!.push((found.requests / found.milliseconds) * 1000)
      rss.set(name, found.memory)
    }
  }

  async function attempt(name: string, long: Stretching): Promise<Stretch | undefined> {
    try {
      return await stretch(name, long)
    } catch (error) {
      if (name === group.reference) throw error
      names = names.filter((other) => other !== name)
      group.leftOut(name, error)
      return undefined
    }
  }

  async function stretch(name: string, long: Stretching): Promise<Stretch> {
    const { subject, server } = served.get(name)!
    const before = await server.use()
    const { requests, rejected, milliseconds } = await loader.run({
      port: server.port,
      path: subject.path ?? '/hook',
      ...delivery(subject.sender, group.bytes),
      idHeader: ID_HEADERS[subject.sender],
      connections: CONNECTIONS,
      ...long,
    })
    if (Object.keys(rejected).length > 0)
      throw new Error(`${name} rejected requests: ${JSON.stringify(rejected)}`)
    let after = await server.use()
    // Work after the 200 counts as part of the request. A queue may need some seconds for its backlog.
    const due = name.endsWith('bare') ? 0 : requests
    for (let tries = 0; after.handled - before.handled < due && tries < 1500; tries++)
      after = await later(server)
    if (after.handled - before.handled !== due)
      throw new Error(
        `${name} answered ${requests} requests with 2xx and handled ${after.handled - before.handled}`,
      )
    return { cpu: after.cpu - before.cpu, requests, milliseconds, memory: after.rss }
  }
}

interface Stretch {
  readonly cpu: number
  readonly requests: number
  readonly milliseconds: number
  readonly memory: number
}

async function later(server: RunningServer): ReturnType<RunningServer['use']> {
  await new Promise((resolve) => setTimeout(resolve, 20))
  return server.use()
}
