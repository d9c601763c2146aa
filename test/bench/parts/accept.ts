import { delivery } from '../deliveries.ts'
import { bareBullmq, barePostgres, bareSqlite, type BareEngine } from '../engines.ts'
import { durableInboxes } from '../inboxes.ts'
import type { PartResult, ServedEffort } from '../report/part.ts'
import { median } from '../../services/figures.ts'
import { measure, prepared, WIDTH } from './stored.ts'

interface Contestant {
  readonly name: string
  /** Stores {@link WIDTH} events. */
  store(): Promise<void>
  readonly micros: number[]
  readonly rates: number[]
}

/** Measures storing an event and its task durably, compared with the bare engine. */
export async function accept({ quick, env }: ServedEffort): Promise<PartResult> {
  const batches = quick ? 20 : 100
  const body = delivery('github', 1024).body.toString()
  const makeBare: Readonly<Record<string, () => Promise<BareEngine>>> = {
    SQLite: () => bareSqlite(body),
    BullMQ: () => bareBullmq(env['BENCH_REDIS']!, body),
    PostgreSQL: () => barePostgres(env['BENCH_POSTGRES']!, body),
  }
  const rows: string[][] = []
  for (const [name, make] of durableInboxes(env)) {
    console.log(`accept: ${name}`)
    const inbox = await make()
    const engine = await makeBare[name]!()
    const { fill, take } = prepared(inbox)
    const ours: Contestant = { name: `Postern, ${name}`, store: take, micros: [], rates: [] }
    const bare: Contestant = {
      name: engine.name,
      store: () => engine.store(WIDTH),
      micros: [],
      rates: [],
    }
    for (let round = -1; round < (quick ? 3 : 7); round++) {
      await fill(batches)
      for (const one of round % 2 ? [ours, bare] : [bare, ours]) {
        const { micros, rate } = await measure(one, batches)
        // The first round warms up: V8 compiles and connections open.
        if (round < 0) continue
        one.micros.push(micros)
        one.rates.push(rate)
      }
    }
    for (const one of [ours, bare])
      rows.push([
        one.name,
        median(one.rates).toFixed(0),
        median(one.micros).toFixed(1),
        one === bare
          ? '1.00'
          : median(one.micros.map((cost, at) => cost / bare.micros[at]!)).toFixed(2),
      ])
    await inbox.close()
    await engine.close()
  }
  return {
    tables: [
      {
        title: 'Accept: storing an event durably, beside the engine by itself',
        note: `The inbox alone, without verification and parsing: ${WIDTH} events of 1 KB at once, each stored with its delivery and a task and known by its id from then on. The engine by itself writes ${WIDTH} rows or jobs with the body in one go and does no more. CPU of this process; Redis (appendfsync always) and PostgreSQL are processes of their own.`,
        head: ['stored by', 'events/s', 'CPU µs/event', 'CPU, ratio'],
        rows,
      },
    ],
    targets: [],
  }
}
