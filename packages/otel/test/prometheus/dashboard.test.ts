import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import { expect, test } from 'vitest'
import { dashboard, type Panel } from './dashboard/dashboard.ts'
import { unknownMetrics } from './known-metrics.ts'

const text = readFileSync(new URL('../../dashboard.json', import.meta.url), 'utf8')
const file = JSON.parse(text) as ReturnType<typeof dashboard>
// Types of Grafana 13 as JSON schemas: see grafana/extract.ts.
const schemas = JSON.parse(
  readFileSync(new URL('grafana/schema.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, object>>
const ajv = new Ajv({ strict: false, allErrors: true })
const checks = new Map<string, ValidateFunction>()

function problems(schema: string, value: unknown): readonly string[] {
  let check = checks.get(schema)
  if (!check) checks.set(schema, (check = ajv.compile(schemas[schema]!)))
  return check(value) ? [] : check.errors!.map((error) => `${error.instancePath} ${error.message}`)
}

const panels = file.panels.filter(({ type }) => type !== 'row')

test('is what panels.ts says: node packages/otel/test/prometheus/dashboard/write.ts writes it', () => {
  expect(file).toEqual(dashboard())
})

test("fits Grafana's schema", () => {
  expect(problems('dashboard', file)).toEqual([])
  expect(problems('dashboard', { ...file, refreshh: '5s' })).not.toEqual([])
})

test.each(panels.map((panel) => [panel.title, panel] as const))(
  "%s fits Grafana's schema of its kind and of its queries",
  (_, panel: Panel) => {
    expect(['timeseries', 'stat']).toContain(panel.type)
    expect(problems(`${panel.type}Options`, panel.options)).toEqual([])
    if (panel.type === 'timeseries')
      expect(problems('timeseriesCustom', panel.fieldConfig!.defaults.custom)).toEqual([])
    for (const target of panel.targets!) expect(problems('query', target)).toEqual([])
  },
)

test('its panels do not lie over one another, and have ids of their own', () => {
  const places = file.panels as unknown as readonly {
    id: number
    gridPos: { x: number; y: number; w: number; h: number }
  }[]
  const cells = places.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, at) => `${x + (at % w)} ${y + Math.floor(at / w)}`),
  )
  expect(new Set(cells).size).toBe(cells.length)
  expect(new Set(places.map(({ id }) => id)).size).toBe(places.length)
})

test('it speaks of metrics that exist', () => {
  expect(unknownMetrics(text)).toEqual([])
})
