import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { needs } from '../../../../test/services/needs.ts'
import { promtool } from '../../../../test/services/programs.ts'
import { unknownMetrics } from './known-metrics.ts'

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const rules = readFileSync(file('../../rules.yml'), 'utf8')
const tests = readFileSync(file('rules.tests.yml'), 'utf8')
const alerts = Array.from(rules.matchAll(/- alert: (\w+)/g), ([, name]) => name!)

function check(...args: readonly string[]): {
  readonly code: number | null
  readonly output: string
} {
  const { status, stdout, stderr } = spawnSync(promtool.file!, args, { encoding: 'utf8' })
  return { code: status, output: stdout + stderr }
}

needs(promtool).describe('promtool', () => {
  test('finds no mistake in the rules', () => {
    expect(check('check', 'rules', '--lint=all', '--lint-fatal', file('../../rules.yml'))).toEqual({
      code: 0,
      output: expect.stringContaining(`${alerts.length} rules found`),
    })
  })

  test('sees each alert fire when it must, and not before', () => {
    expect(check('test', 'rules', file('rules.tests.yml'))).toEqual({
      code: 0,
      output: expect.stringContaining('SUCCESS'),
    })
  })
})

describe.each(alerts)('%s', (name) => {
  const firing = new RegExp(`alertname: ${name}\\n +exp_alerts:\\n +- exp_labels`)

  test('is seen firing, and is in the README', () => {
    expect(tests).toMatch(firing)
    expect(readFileSync(file('../../README.md'), 'utf8')).toContain(`| \`${name}\` |`)
  })
})

test('the rules speak of metrics that exist', () => {
  expect(unknownMetrics(rules)).toEqual([])
})
