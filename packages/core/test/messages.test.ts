import { expect, test } from 'vitest'
import { WebhookError } from '../src/errors.ts'
import { MESSAGES, messageOf, type ErrorDetails, type Problem } from '../src/messages.ts'

const PROBLEMS = Object.keys(MESSAGES) as Problem[]
const ALL: Omit<ErrorDetails, 'problem'> = {
  header: 'x-a',
  parameter: 'b',
  field: 'c',
  option: 'limits.d',
  expected: 'e',
  got: 1,
  limit: 2,
  seconds: 3,
  remedy: 'f',
  bytes: 4,
  digest: '5',
  url: 'https://example.com/g',
  text: 'h',
}

test.each(PROBLEMS)('%s has a message with its facts and its remedy', (problem) => {
  const message = messageOf({ problem, ...ALL })
  expect(message).toMatch(/\S: f$/)
  expect(message).not.toContain('undefined')
})

test('an error carries the facts that it was made with, and says them', () => {
  const error = new WebhookError('malformed_header', { problem: 'malformed', header: 'X-A' })
  expect(error).toMatchObject({ code: 'malformed_header', problem: 'malformed', header: 'x-a' })
  expect(error.field).toBeUndefined()
})

test('an error of other code has its own text, and no word of the table', () => {
  const error = new WebhookError('malformed_body', 'no such tenant')
  expect([error.problem, error.message]).toEqual(['other', 'no such tenant'])
})
