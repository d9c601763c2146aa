import type { Effort, PartResult, ServedEffort } from '../report/part.ts'
import { availableServices } from '../services.ts'

type Part = (effort: Effort) => Promise<PartResult>

/** The parts, in the order of the page. Each part runs in its own process, which loads only that part. */
export const PARTS: Readonly<Record<string, () => Promise<Part>>> = {
  http: onServices(async () => (await import('./http.ts')).http),
  'in-process': async () => (await import('./in-process.ts')).inProcess,
  growth: async () => (await import('./growth.ts')).growth,
  memory: async () => (await import('./memory.ts')).memory,
  accept: onServices(async () => (await import('./accept.ts')).accept),
  sqlite: async () => (await import('./sqlite.ts')).sqlite,
  postgres: async () => (await import('./postgres.ts')).postgres,
  engines: async () => (await import('./engines.ts')).engines,
  workers: async () => (await import('./workers.ts')).workers,
  drain: onServices(async () => (await import('./drain.ts')).drain),
  fair: onServices(async () => (await import('./fair.ts')).fair),
  sustained: onServices(async () => (await import('./sustained.ts')).sustained),
  scale: async () => (await import('./scale.ts')).scale,
  latency: onServices(async () => (await import('./latency.ts')).latency),
  down: async () => (await import('./down.ts')).down,
  journal: onServices(async () => (await import('./journal.ts')).journal),
  strangers: async () => (await import('./strangers.ts')).strangers,
  telemetry: async () => (await import('./telemetry.ts')).telemetry,
  inspect: onServices(async () => (await import('./inspect.ts')).inspect),
  'start-up': async () => (await import('./start-up.ts')).startUp,
  'cli-start': async () => (await import('./cli-start.ts')).cliStart,
}

/** Parts with their own results page, in a folder with that name. They can be measured separately. */
export const PAGES: Readonly<Record<string, readonly string[]>> = {
  postgres: ['postgres', 'workers'],
  engines: ['engines'],
}

/** Starts Redis and PostgreSQL for a part. */
function onServices(
  load: () => Promise<(effort: ServedEffort) => Promise<PartResult>>,
): () => Promise<Part> {
  return async () => {
    const part = await load()
    return async (effort) => {
      const services = await availableServices()
      try {
        return await part({ ...effort, env: services.env })
      } finally {
        await services.stop()
      }
    }
  }
}
