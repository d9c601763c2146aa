import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { needs } from '../../../../test/services/needs.ts'
import { prometheusServer } from '../../../../test/services/programs.ts'
import { startPrometheus, type PrometheusService } from '../../../../test/services/prometheus.ts'
import { startApp, type App } from './app.ts'
import type { Panel } from './dashboard/dashboard.ts'

const rules = fileURLToPath(new URL('../../rules.yml', import.meta.url))
const { panels, templating } = JSON.parse(
  readFileSync(new URL('../../dashboard.json', import.meta.url), 'utf8'),
) as {
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { readonly query: unknown }[] }
}
const queries = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, expr] as const),
)

needs(prometheusServer).describe('a real Prometheus', () => {
  let app: App
  let prometheus: PrometheusService

  beforeAll(async () => {
    app = await startApp()
    await app.crash()
    await app.traffic(1)
    prometheus = await startPrometheus({ targets: { shop: [app.target] }, rules: [rules] })
    await scrapes(2)
    // A rate needs two different values.
    await app.traffic(2)
    // The next scrape may have started before.
    await scrapes((await scraped()) + 2)
  })

  afterAll(async () => {
    await prometheus?.stop()
    await app?.close()
  })

  async function scrapes(count: number): Promise<void> {
    await until(async () => (await scraped()) >= count)
  }

  async function scraped(): Promise<number> {
    const [found] = await prometheus.query('count_over_time(postern_deliveries_total[1h])')
    return found?.value ?? 0
  }

  test('scrapes the route without an error, and takes each line', async () => {
    const { activeTargets } = (await prometheus.ask('targets')) as {
      activeTargets: readonly { health: string; lastError: string }[]
    }
    expect(activeTargets).toEqual([expect.objectContaining({ health: 'up', lastError: '' })])
    const scraped = await prometheus.query('scrape_samples_scraped')
    expect(scraped[0]!.value).toBeGreaterThan(100)
  })

  test('knows the kind of each metric, and has the right counts', async () => {
    const metadata = (await prometheus.ask('metadata')) as Record<string, { type: string }[]>
    expect(metadata['postern_deliveries_total']).toEqual([
      expect.objectContaining({ type: 'counter' }),
    ])
    expect(metadata['postern_reply_duration_seconds']).toEqual([
      expect.objectContaining({ type: 'histogram' }),
    ])
    const rejected = await prometheus.query(
      'sum by (error_type) (postern_deliveries_total{postern_outcome="rejected"})',
    )
    expect(rejected).toEqual(
      expect.arrayContaining([
        { metric: { error_type: 'signature_mismatch' }, value: 2 },
        { metric: { error_type: 'missing_header' }, value: 2 },
      ]),
    )
    const [conflicts] = await prometheus.query('postern_conflicts_total')
    expect(conflicts!.value).toBe(2)
  })

  test('evaluates each rule without an error', async () => {
    const evaluated = async (): Promise<readonly Rule[]> => {
      const { groups } = (await prometheus.ask('rules')) as { groups: { rules: Rule[] }[] }
      return groups.flatMap((group) => group.rules)
    }
    await until(async () => (await evaluated()).every(({ health }) => health !== 'unknown'))
    const all = await evaluated()
    expect(all.length).toBeGreaterThan(10)
    for (const { name, health, lastError = '' } of all)
      expect({ name, health, lastError }).toEqual({ name, health: 'ok', lastError: '' })
  })

  test('raises the alerts of what happened, and no others', async () => {
    const raised = async (): Promise<readonly string[]> => {
      const { alerts } = (await prometheus.ask('alerts')) as { alerts: readonly Alert[] }
      return alerts.map(({ labels }) => labels['alertname']!).sort()
    }
    // The alerts are only pending here, since promtool tests how long they must last.
    await until(async () => (await raised()).length >= 3)
    expect(await raised()).toEqual([
      'PosternBreakerOpen',
      'PosternTasksDead',
      'PosternTasksFailing',
    ])
    const { alerts } = (await prometheus.ask('alerts')) as { alerts: readonly Alert[] }
    const [breaker] = alerts.filter(({ labels }) => labels['alertname'] === 'PosternBreakerOpen')
    expect(breaker).toMatchObject({
      state: 'pending',
      labels: { severity: 'warning', job: 'shop', postern_destination: 'crm' },
      annotations: { summary: 'Calls to crm pause' },
    })
  })

  test('has the depth of the inbox, as it is when it scrapes', async () => {
    const dead = await prometheus.query('postern_inbox_tasks{postern_state="dead"} > 0')
    expect(dead).toEqual([
      {
        metric: expect.objectContaining({ messaging_consumer_group_name: 'odd' }),
        value: 2,
      },
    ])
    const waiting = await prometheus.query(
      'postern_inbox_tasks{postern_state="pending",messaging_consumer_group_name="partners"}',
    )
    expect(waiting[0]!.value).toBe(2)
  })

  test.each(queries)('answers the query of the panel %s with data', async (_, expression) => {
    const found = await prometheus.query(filled(expression))
    expect(found.map(({ value }) => value)).not.toEqual([])
  })

  test('finds the values of the variables', async () => {
    for (const { query } of templating.list.slice(1)) {
      const asked = (query as { query: string }).query
      const [, series, label] = /^label_values\((.*), (\w+)\)$/.exec(asked)!
      const match = encodeURIComponent(filled(series!))
      const values = await prometheus.ask(`label/${label}/values?match[]=${match}`)
      expect(values).toEqual(['shop'])
    }
  })
})

function until(met: () => Promise<boolean>): Promise<unknown> {
  return vi.waitUntil(met, { timeout: 60_000, interval: 200 })
}

interface Alert {
  readonly state: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

interface Rule {
  readonly name: string
  readonly health: string
  readonly lastError?: string
}

/** Returns the query as Grafana sends it, with all jobs and receivers. */
function filled(expression: string): string {
  return expression
    .replaceAll('$__rate_interval', '1m')
    .replaceAll('$job', '.*')
    .replaceAll('$receiver', '.*')
}
