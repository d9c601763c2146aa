import { ROWS, type PanelSpec } from './panels.ts'

/** Panel in Grafana's format, as far as tests read it. */
export interface Panel {
  readonly type: string
  readonly title: string
  readonly options?: unknown
  readonly fieldConfig?: { readonly defaults: { readonly custom?: unknown } }
  readonly targets?: readonly { readonly expr: string }[]
}

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' }
// An inbox without tasks has no gauges; a receiver without deliveries has no counts.
const ANY = '__name__=~"postern_inbox_up|postern_deliveries_total"'
const WIDTH = 24
const HEIGHTS = { stat: 4, timeseries: 8 }

/** Returns the dashboard in Grafana's import format. */
export function dashboard(): Readonly<Record<string, unknown>> & {
  readonly panels: readonly Panel[]
} {
  return {
    uid: 'postern-webhooks',
    title: 'Webhooks (Postern)',
    description: 'Deliveries, tasks and inboxes of Postern receivers',
    tags: ['postern', 'webhooks'],
    schemaVersion: 42,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
    templating: { list: variables() },
    panels: layOut(),
  }
}

function variables(): unknown[] {
  const label = (name: string, title: string, query: string): unknown => ({
    name,
    label: title,
    type: 'query',
    datasource: DATASOURCE,
    query: { query, refId: name },
    refresh: 2,
    sort: 1,
    includeAll: true,
    multi: true,
    allValue: '.*',
    current: { text: ['All'], value: ['$__all'] },
  })
  return [
    { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
    label('job', 'Job', `label_values({${ANY}}, job)`),
    label('receiver', 'Receiver', `label_values({${ANY},job=~"$job"}, messaging_destination_name)`),
  ]
}

function layOut(): Panel[] {
  const panels: Panel[] = []
  let y = 0
  for (const [title, specs] of Object.entries(ROWS)) {
    const row = { type: 'row', title, id: panels.length + 1, collapsed: false, panels: [] }
    panels.push({ ...row, gridPos: { x: 0, y: y++, w: WIDTH, h: 1 } } as Panel)
    let x = 0
    let height = 0
    for (const spec of specs) {
      if (x + spec.width > WIDTH) {
        x = 0
        y += height
      }
      height = HEIGHTS[spec.kind]
      panels.push(panelOf(spec, panels.length + 1, { x, y, w: spec.width, h: height }))
      x += spec.width
    }
    y += height
  }
  return panels
}

function panelOf(spec: PanelSpec, id: number, gridPos: object): Panel {
  const { kind, title, about, queries } = spec
  return {
    id,
    type: kind,
    title,
    ...(about !== undefined && { description: about }),
    datasource: DATASOURCE,
    gridPos,
    ...(kind === 'stat' ? stat(spec) : timeseries(spec)),
    targets: queries.map(([expr, legendFormat], at) => ({
      refId: String.fromCodePoint(65 + at),
      datasource: DATASOURCE,
      editorMode: 'code',
      expr,
      legendFormat,
      range: true,
    })),
  } as Panel
}

function stat({ unit, alarm }: PanelSpec): object {
  const steps = [
    { value: null, color: 'green' },
    ...(alarm ? [{ value: alarm.from, color: alarm.color }] : []),
  ]
  return {
    options: {
      colorMode: 'value',
      graphMode: 'area',
      justifyMode: 'auto',
      orientation: 'auto',
      percentChangeColorMode: 'standard',
      reduceOptions: { calcs: ['lastNotNull'] },
      showPercentChange: false,
      textMode: 'auto',
      wideLayout: true,
    },
    fieldConfig: {
      defaults: { unit, color: { mode: 'thresholds' }, thresholds: { mode: 'absolute', steps } },
      overrides: [],
    },
  }
}

function timeseries({ unit, stacked }: PanelSpec): object {
  return {
    options: {
      legend: {
        calcs: ['lastNotNull', 'max'],
        displayMode: 'table',
        placement: 'bottom',
        showLegend: true,
      },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        color: { mode: 'palette-classic' },
        custom: {
          drawStyle: 'line',
          lineWidth: 1,
          fillOpacity: stacked ? 25 : 5,
          showPoints: 'never',
          stacking: { mode: stacked ? 'normal' : 'none' },
        },
      },
      overrides: [],
    },
  }
}
