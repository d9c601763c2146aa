import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import {
  messageBytes,
  messageTemplate,
} from '../../../../src/provider/schemes/signature/template.ts'
import { createDelivery } from '../../../../src/receive/http-delivery.ts'

const delivery = createDelivery({
  method: 'PUT',
  url: 'https://a.example/b?c',
  headers: { 'x-id': '7' },
  body: 'ü',
})
const filled = (template: string, time?: string): string =>
  Buffer.from(messageBytes(messageTemplate(template)(delivery, time))).toString()

test.each([
  ['{body}', 'ü'],
  ['{time}.{body}', '12.ü'],
  ['v0:{time}:{body}:end', 'v0:12:ü:end'],
  ['{method} {url}\n{body}{header:X-Id}', 'PUT https://a.example/b?c\nü7'],
])('%j is filled', (template, text) => {
  expect(filled(template, '12')).toBe(text)
})

const asked = createDelivery({
  url: 'https://a.example/b?data.id=AbC&twice=1&twice=2',
  headers: { 'x-id': '7' },
})

test.each([
  ['{query:data.id}|{lower:query:data.id}', 'AbC|abc'],
  [
    '[id:{lower:query:data.id};][n:{header:x-id};][none:{query:no};]ts:{time};',
    'id:abc;n:7;ts:12;',
  ],
  ['[{header:no}]{time}[{header:X-Id}]', '127'],
])('%j takes what the query and the headers hold', (template, text) => {
  const message = messageTemplate(template)(asked, '12')
  expect(Buffer.from(messageBytes(message)).toString()).toBe(text)
})

test.each(['{query:no}', '{query:twice}', '[a{query:twice}]'])(
  '%j rejects a parameter that is not there once',
  (template) => {
    expect(() => messageTemplate(template)(asked, '12')).toThrow(
      expect.objectContaining({ parameter: template.includes('no') ? 'no' : 'twice' }),
    )
  },
)

test('a time that no header carries leaves nothing in its place', () => {
  expect(filled('{time}.{body}')).toBe('.ü')
})

test.each(['body', '{boby}', '{}', '{header}'])('%j is a mistake', (template) => {
  expect(() => messageTemplate(template)).toThrow(
    `message must hold {body}, {time}, {method}, {url}, {header:name} or {query:name} in braces, got ${template}`,
  )
})

test('a header that is missing rejects the delivery', () => {
  expect(() => filled('{header:X-None}{body}')).toThrow(
    expect.objectContaining({ problem: 'missing', header: 'x-none' }),
  )
})
