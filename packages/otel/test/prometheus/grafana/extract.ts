// Creates JSON schemas of Grafana's types, which are on npm only in TypeScript. The packages of these types are not
// dependencies, because most of their 3 MB are builders. `node packages/otel/test/prometheus/grafana/extract.ts`
// installs the packages in a temporary folder, and writes schema.json here.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PANELS = '@grafana/schema/dist/types/raw/composable'
const TYPES = {
  dashboard: ['Dashboard', '@grafana/schema/dist/types/raw/dashboard/x/types.gen'],
  timeseriesOptions: ['Options', `${PANELS}/timeseries/panelcfg/x/types.gen`],
  timeseriesCustom: ['FieldConfig', `${PANELS}/timeseries/panelcfg/x/types.gen`],
  statOptions: ['Options', `${PANELS}/stat/panelcfg/x/types.gen`],
  query: ['Dataquery', '@grafana/grafana-foundation-sdk/dist/prometheus/types.gen'],
} as const
const SOURCES = ['@grafana/schema@13.2.3', '@grafana/grafana-foundation-sdk@0.0.21']
const GENERATOR = 'ts-json-schema-generator@2.4.0'

const folder = mkdtempSync(join(tmpdir(), 'grafana-'))
try {
  const packages = [...SOURCES, GENERATOR]
  execFileSync(
    'npm',
    ['install', '--silent', '--ignore-scripts', '--prefix', folder, ...packages],
    { stdio: 'inherit' },
  )
  const { createGenerator } = createRequire(join(folder, 'x.js'))(
    'ts-json-schema-generator',
  ) as Generator
  const tsconfig = join(folder, 'tsconfig.json')
  const compilerOptions = { moduleResolution: 'bundler', module: 'esnext', types: [] }
  writeFileSync(tsconfig, JSON.stringify({ compilerOptions, files: [] }))
  const schemas = Object.entries(TYPES).map(([name, [type, from]]) => {
    const path = join(folder, `${name}.ts`)
    writeFileSync(path, `export type { ${type} } from './node_modules/${from}'`)
    const options = { skipTypeCheck: true, additionalProperties: false, jsDoc: 'none' }
    return [name, createGenerator({ path, tsconfig, type, ...options }).createSchema(type)]
  })
  const all = {
    source: `npm ${SOURCES.join(', ')}`,
    licence: 'Apache-2.0',
    ...Object.fromEntries(schemas),
  }
  writeFileSync(join(import.meta.dirname, 'schema.json'), `${JSON.stringify(all)}\n`)
} finally {
  rmSync(folder, { recursive: true })
}

interface Generator {
  createGenerator: (options: object) => { createSchema(type: string): object }
}
