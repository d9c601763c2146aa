import { describe, expect, test } from 'vitest'
import { createInboxes, INBOXES, type InboxName } from './inboxes.ts'
import { parts } from './parts.ts'
import { reportRule, tableOf } from './report.ts'
import { playRule, type RuleVerdict } from './rule.ts'

test('each rule is listed once', () => {
  expect(new Set(parts.map(({ rule }) => rule)).size).toBe(parts.length)
})

describe('the report of a rule', () => {
  const part = { rule: '0', title: 'of tests' }
  const enough = Array.from({ length: 30 }, (_, at) => verdict(INBOXES[at % INBOXES.length]!))

  test('a rule that held 30 times, on each inbox, holds', () => {
    const report = reportRule(part, enough)
    expect(report.wrong).toEqual([])
    expect(tableOf([report])[1]).toMatch(
      /^0 of tests +30 +1 +1 +sqlite memory bullmq postgres mysql +0$/,
    )
  })

  test('29 cases are too few', () => {
    expect(reportRule(part, enough.slice(1)).wrong).toEqual(['rule 0: 29 cases, must be 30'])
  })

  test.each(INBOXES)('%s cannot be left out', (name) => {
    const others = enough.map((one) => (one.case.inbox === name ? verdict(undefined) : one))
    expect(reportRule(part, others).wrong).toEqual([`rule 0: the inbox ${name} was left out`])
  })

  test('one broken case breaks the rule, and a rejection is one', async () => {
    const cases = enough.map((one) => one.case)
    const failing = { ...cases[0]!, run: async () => Promise.reject(new Error('no answer')) }
    const open = async () => ({ cases: [failing, ...cases.slice(1)], together: 2 })
    const verdicts = await playRule({ ...part, open }, createInboxes())
    expect(reportRule(part, verdicts).wrong).toEqual([
      expect.stringMatching(/^rule 0 · a place · a case: it threw Error: no answer/),
    ])
  })

  function verdict(inbox: InboxName | undefined): RuleVerdict {
    const place = { name: 'a case', at: 'a place', sender: 'a sender' }
    const run = async (): Promise<undefined> => undefined
    return { case: { ...place, ...(inbox && { inbox }), run }, broken: undefined }
  }
})
