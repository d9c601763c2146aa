import { expect, test } from 'vitest'
import { NodeHeaders } from '../src/bridge.ts'

test('reads lines from where node:http put them, apart and in any case', () => {
  const headers = new NodeHeaders({
    headers: { 'x-a': '1, 2', host: 'h' },
    rawHeaders: ['Host', 'h', 'X-A', '1', 'x-a', '2', ':path', '/'],
  })
  expect(headers.get('x-a')).toBe('1, 2')
  expect(headers.all('x-a')).toEqual(['1', '2'])
  expect(headers.all('x-b')).toEqual([])
  expect([...headers.lines()]).toEqual([
    ['host', 'h'],
    ['x-a', '1'],
    ['x-a', '2'],
  ])
})

test('does not find what every object has', () => {
  const headers = new NodeHeaders({ headers: {}, rawHeaders: [] })
  expect(headers.get('constructor')).toBeUndefined()
  expect(headers.all('__proto__')).toEqual([])
})

test('does with the record alone, as serverless shims make it', () => {
  const headers = new NodeHeaders({
    headers: { 'x-a': '1', 'set-cookie': ['a', 'b'] },
    rawHeaders: [],
  })
  expect(headers.all('x-a')).toEqual(['1'])
  expect(headers.get('set-cookie')).toBe('a')
  expect([...headers.lines()]).toEqual([
    ['x-a', '1'],
    ['set-cookie', 'a'],
    ['set-cookie', 'b'],
  ])
})
