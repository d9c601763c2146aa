import fc from 'fast-check'
import type { Arrival, TaskInfo } from '../../src/inbox/index.ts'
import { describe, expect, test } from 'vitest'
import {
  csvLine,
  deliveryFields,
  DELIVERY_FIELDS,
  ndjsonLine,
  taskFields,
  TASK_FIELDS,
} from '../../src/basics/index.ts'

describe('a line of CSV', () => {
  test('starts no formula, whatever the cell holds, and hides nothing', () => {
    for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', ' =1', '＝1', '\n-1'])
      expect(csvLine([text]), text).toMatch(/^"'/)
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const line = csvLine([text, 7, undefined])
        expect(line).toMatch(/^"(?:[^"\p{Cc}\p{Cf}]|"")*",7,\r\n$/u)
        expect(line.slice(1)).not.toMatch(/^\s*[=+\-@\t\r]/)
      }),
    )
  })

  test('keeps a number a number, and doubles quotes', () => {
    expect(csvLine([-1, 'say "hi"; a, b', undefined])).toBe('-1,"say ""hi""; a, b",\r\n')
  })
})

test('a line of NDJSON is one line of ASCII that parses to the same', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string({ unit: 'binary' })), (fields) => {
      const line = ndjsonLine(fields)
      expect(line).toMatch(/^[ -~]+\n$/)
      expect(JSON.stringify(JSON.parse(line))).toBe(JSON.stringify(fields))
    }),
  )
})

test('rows have the columns that a file names', () => {
  const task = { receivedAt: 0, event: {}, error: { name: 'Error', message: 'lost' }, part: '' }
  expect(Object.keys(taskFields(task as TaskInfo))).toEqual(TASK_FIELDS)
  expect(taskFields(task as TaskInfo)).toMatchObject({
    received: '1970-01-01T00:00:00.000Z',
    error: 'Error: lost',
    part: undefined,
  })
  const arrival = { at: 0, topics: ['a', 'b'], ids: [] } as unknown as Arrival
  expect(Object.keys(deliveryFields(arrival))).toEqual(DELIVERY_FIELDS)
  expect(deliveryFields(arrival, [{ subscription: 'mail', state: 'dead' }])).toMatchObject({
    topic: 'a, b',
    event: undefined,
    tasks: 'mail dead',
  })
})
