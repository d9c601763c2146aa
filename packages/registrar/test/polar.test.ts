import { polarRegistrar } from '../src/polar.ts'
import { testRegistrar } from './contract.ts'
import { POLAR_TOKEN, startPolar } from './fakes/polar.ts'
import { another, member, off } from './fakes/rows.ts'

testRegistrar('Polar', {
  start: () => startPolar(),
  make: (options, token) => polarRegistrar({ ...options, token }),
  token: POLAR_TOKEN,
  more: another(),
  patterns: ['order.paid', 'refund.*'],
  topics: ['order.paid', 'refund.created', 'refund.updated'],
  others: ['order.paid', 'order.refunded'],
  apply: { onSecret: () => {} },
  disable: off({ enabled: false }),
  shownSecret: member('secret'),
  secretOf: member('secret'),
  rotatedBy: 'sender',
})
