import { describe, expect, test } from 'vitest'
import { claimedTopic } from '../../src/inbox/engine/index.ts'
import { acme } from '../acme.ts'

const url = 'https://example.com/'
const json = { 'content-type': 'application/json' }

describe('what a rejected delivery claims', () => {
  test.each([
    ['a body that is no JSON', '{"a":'],
    ['a body that is nested too deep', '['.repeat(100_000)],
    ['no body', ''],
  ])('is nothing with %s', (_, body) => {
    const provider = acme({
      formats: ['json'],
      events: (_delivery, { value }) => [
        { topic: (value as { type: string }).type, payload: value },
      ],
    })
    expect(claimedTopic({ url, headers: json, body }, provider)).toBeUndefined()
  })

  test.each([7, '', null, { topic: 'x' }, undefined])(
    'is nothing if it is no text: %o',
    (topic) => {
      const provider = acme({ events: () => [{ topic: topic as string, payload: null }] })
      expect(claimedTopic({ url, headers: json, body: '{}' }, provider)).toBeUndefined()
    },
  )

  test('stands in a header too, though the body is read later than now', () => {
    const provider = acme({
      formats: ['multipart'],
      events: (delivery) => [{ topic: delivery.header('x-topic')!, payload: null }],
    })
    const headers = { 'content-type': 'multipart/form-data; boundary=x', 'x-topic': 'parsed' }
    expect(claimedTopic({ url, headers, body: 'no part' }, provider)).toBe('parsed')
  })
})
