import type { Effort, PartResult } from '../report/part.ts'

/** The parts, in the order of the page. Each is loaded alone, in a process of its own. */
export const PARTS: Readonly<
  Record<string, () => Promise<(effort: Effort) => Promise<PartResult>>>
> = {
  http: async () => (await import('./http.ts')).http,
  'in-process': async () => (await import('./in-process.ts')).inProcess,
  growth: async () => (await import('./growth.ts')).growth,
  memory: async () => (await import('./memory.ts')).memory,
  accept: async () => (await import('./accept.ts')).accept,
  sqlite: async () => (await import('./sqlite.ts')).sqlite,
  postgres: async () => (await import('./postgres.ts')).postgres,
  engines: async () => (await import('./engines.ts')).engines,
  workers: async () => (await import('./workers.ts')).workers,
  drain: async () => (await import('./drain.ts')).drain,
  fair: async () => (await import('./fair.ts')).fair,
  sustained: async () => (await import('./sustained.ts')).sustained,
  scale: async () => (await import('./scale.ts')).scale,
  latency: async () => (await import('./latency.ts')).latency,
  down: async () => (await import('./down.ts')).down,
  journal: async () => (await import('./journal.ts')).journal,
  strangers: async () => (await import('./strangers.ts')).strangers,
  telemetry: async () => (await import('./telemetry.ts')).telemetry,
  inspect: async () => (await import('./inspect.ts')).inspect,
  'start-up': async () => (await import('./start-up.ts')).startUp,
  'cli-start': async () => (await import('./cli-start.ts')).cliStart,
}

/** Parts whose figures stand on a page of their own, in the folder of that name, so that they can be measured alone. */
export const PAGES: Readonly<Record<string, readonly string[]>> = {
  postgres: ['postgres', 'workers'],
  engines: ['engines'],
}
