import { expect, test } from 'vitest'
import { causeOf } from '../../../src/inbox/engine/index.ts'

const of = (message: string, name = 'Error'): string => causeOf({ name, message })

test('errors that differ in digits and ids alone have one cause', () => {
  expect(of('no order 17 of cus_9aX')).toBe(of('no order 4 of cus_1'))
  expect(of('job 0b9e4a52-70b1-4c6f-9d0e-7a1f9a3c5d21 is gone')).toBe(
    of('job ffffffff-70b1-4c6f-9d0e-aaaaaaaaaaaa is gone'),
  )
  expect(of('')).toMatch(/^[0-9a-f]{16}$/)
})

test('errors that say something else, or have another name, have another cause', () => {
  expect(of('no order 17')).not.toBe(of('no customer 17'))
  expect(of('no order 17', 'TypeError')).not.toBe(of('no order 17'))
})

test('megabytes are cut', () => {
  expect(of(`${'x'.repeat(10_000)} one`)).toBe(of(`${'x'.repeat(10_000)} other`))
})

test.each([
  ['hexadecimal', 'no blob deadbeef', 'no blob cafebabe00'],
  ['an address', 'connect ETIMEDOUT 10.2.0.7:9200', 'connect ETIMEDOUT 10.2.0.12:9300'],
  ['e-mail', 'no mailbox ada@example.com here', 'no mailbox bob.b+x@mail.example.org here'],
  ['a URL', 'GET https://a.example/x?y=1 failed', 'GET http://b.example/z failed'],
  ['quotes', 'no such user "ada"', 'no such user "bob"'],
  ['single quotes', "unknown column 'one'", "unknown column 'two'"],
])('%s is one word', (_, one, other) => {
  expect(of(one)).toBe(of(other))
})

test('an apostrophe quotes nothing', () => {
  expect(of("it can't be read, it isn't there")).not.toBe(of("it can't be written, it isn't there"))
})

test.each<[string, string, string, boolean]>([
  ['an at sign alone is a word', 'user@host', 'admin@host', false],
  ['what begins with one is a word', '@ada.b here', '@bob.c here', false],
  ['a dot before the at sign makes no address', 'a.b@c', 'a.d@c', false],
  ['a quote that does not end quotes nothing', 'the "ada', 'the "bob', false],
  ['a quote that ends in the next line', 'the "ada\nx" y', 'the "bob\nx" y', false],
  ['a quote that ends within a word', 'the "ada"s', 'the "bob"s', false],
  ['a quote with an apostrophe in it', `no "it's ada"`, `no "it's bob"`, true],
  ['a quote that ends in the last sign', 'no `a`', 'no `b`', true],
  ['500 characters in quotes', `"${'x'.repeat(499)}"`, `"${'y'.repeat(499)}"`, true],
  ['501 characters in quotes', `"${'x'.repeat(500)}"`, `"${'y'.repeat(500)}"`, false],
  ['words without digits', 'feed abcdefg', 'feed abcdefh', false],
  ['seven hexadecimal digits', 'no abcdefa', 'no abcdefb', false],
  ['a UUID of letters', 'no abcdefab-abcd-abcd-abcd-abcdefabcdef', 'no 1', true],
  ['what follows 8,192 characters', `${'x'.repeat(8192)} a`, `${'x'.repeat(8192)} b`, true],
])('%s', (_, one, other, same) => {
  expect(of(one) === of(other)).toBe(same)
})

test('of a name 200 characters count', () => {
  const name = 'N'.repeat(200)
  expect(of('a', `${name}A`)).toBe(of('a', `${name}B`))
  expect(of('a', `${name.slice(1)}A`)).not.toBe(of('a', `${name.slice(1)}B`))
})
