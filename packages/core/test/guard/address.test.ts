import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isPublicAddress } from '../../src/guard/index.ts'

describe('rejected', () => {
  test.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '100.100.100.200',
    '127.0.0.1',
    '127.255.255.254',
    '168.63.129.16',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.192',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::7f00:1',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '0:0:0:0:0:ffff:10.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    'localhost',
    '127.1',
    '2130706433',
    '',
  ])('%s', (address) => expect(isPublicAddress(address)).toBe(false))
})

describe('of the public internet', () => {
  test.each([
    '1.1.1.1',
    '11.0.0.1',
    '100.63.255.255',
    '100.128.0.1',
    '172.15.0.1',
    '172.32.0.1',
    '192.169.0.1',
    '223.255.255.255',
    '2606:4700::1111',
    '2003::1',
    '2a00:1450:4001::',
    '::ffff:1.1.1.1',
    '64:ff9b::101:101',
  ])('%s', (address) => expect(isPublicAddress(address)).toBe(true))
})

test('an IPv6 address that holds an IPv4 one is judged by it, however it is written', () => {
  fc.assert(
    fc.property(fc.ipV4(), (v4) => {
      const hex = v4.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))
      const tail = `${hex[0]}${hex[1]}:${hex[2]}${hex[3]}`
      for (const form of [
        `::ffff:${v4}`,
        `::FFFF:${tail}`,
        `0:0:0:0:0:ffff:${tail}`,
        `64:ff9b::${v4}`,
      ])
        expect(isPublicAddress(form)).toBe(isPublicAddress(v4))
    }),
  )
})
