import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startProcess, type Running } from './process.ts'
import { prometheusServer } from './programs.ts'
import { fileOf, startService, type Service } from './service.ts'
import { freePort, temporaryFolder } from './temporary.ts'

export interface PrometheusSettings {
  /** Addresses (`host:port`) of the apps to scrape, by job. */
  readonly targets: Readonly<Record<string, readonly string[]>>
  readonly rules?: readonly string[]
}

/** Running Prometheus with its HTTP API. */
export interface PrometheusService extends Service {
  /** Returns the `data` of an API path such as `query?query=up`. Throws Prometheus' error message. */
  ask(path: string): Promise<unknown>
  /** Returns the value of each series of an instant query. Throws Prometheus' error message. */
  query(expression: string): Promise<readonly Sample[]>
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}

/**
 * Starts a Prometheus on a free port of 127.0.0.1. It scrapes the apps and evaluates its rules every second. Throws if
 * Prometheus is not installed, so check `prometheusServer.file` first.
 */
export async function startPrometheus(settings: PrometheusSettings): Promise<PrometheusService> {
  const file = fileOf(prometheusServer)
  const folder = await temporaryFolder('prometheus')
  const config = join(folder, 'prometheus.json')
  // JSON is valid YAML.
  await writeFile(config, JSON.stringify(configOf(settings)))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const args = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]
  const ready = /Server is ready to receive web requests/
  const start = (): Promise<Running> => startProcess(file, args, { ready })
  const service = await startService({ url, port, folder, start, end: 'SIGTERM' })
  const ask = async (path: string): Promise<unknown> => {
    const reply = (await (await fetch(`${url}/api/v1/${path}`)).json()) as Answer
    if (reply.status !== 'success') throw new Error(`${path}: ${reply.error}`)
    return reply.data
  }
  return Object.assign(service, {
    ask,
    async query(expression: string) {
      const { result } = (await ask(`query?query=${encodeURIComponent(expression)}`)) as Vector
      return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }))
    },
  })
}

interface Answer {
  readonly status: 'success' | 'error'
  readonly error?: string
  readonly data?: unknown
}

interface Vector {
  readonly result: readonly {
    readonly metric: Sample['metric']
    readonly value: readonly [time: number, value: string]
  }[]
}

function configOf({ targets, rules = [] }: PrometheusSettings): unknown {
  return {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: rules,
    scrape_configs: Object.entries(targets).map(([job, hosts]) => ({
      job_name: job,
      static_configs: [{ targets: hosts }],
    })),
  }
}
