import { expect, test } from 'vitest'
import { targetPath, toPublicUrl } from '../../src/delivery.ts'

test('puts path and query behind the base, as both are written', () => {
  expect(toPublicUrl('https://example.com')('/a?b=%7e')).toBe('https://example.com/a?b=%7e')
  expect(toPublicUrl('https://example.com:443/api/')('http://10.0.0.1:3000/a')).toBe(
    'https://example.com:443/api/a',
  )
})

test('finds the path in every form of a target', () => {
  expect(targetPath('http://elsewhere.example/a?b')).toBe('/a?b')
  expect(targetPath('HTTPS://elsewhere.example?b')).toBe('/?b')
  expect(targetPath('*')).toBe('/*')
})

test('rejects what is no absolute http URL without a query', () => {
  for (const wrong of ['example.com', '/api', 'ftp://example.com', 'https://a.example/?b'])
    expect(() => toPublicUrl(wrong), wrong).toThrow(/^publicBase must be an absolute http or https/)
})
