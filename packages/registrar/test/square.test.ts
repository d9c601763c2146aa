import { squareRegistrar } from '../src/square.ts'
import { testRegistrar } from './contract.ts'
import { SQUARE_TOKEN, startSquare } from './fakes/square.ts'
import { another, member, off } from './fakes/rows.ts'

testRegistrar('Square', {
  start: () => startSquare(),
  make: (options, token) => squareRegistrar({ ...options, token }),
  token: SQUARE_TOKEN,
  more: another(),
  patterns: ['payment.created', 'oauth.authorization.revoked'],
  topics: ['oauth.authorization.revoked', 'payment.created'],
  others: ['payment.created', 'payment.updated'],
  apply: { onSecret: () => {} },
  disable: off({ enabled: false }),
  shownSecret: member('signature_key'),
  secretOf: member('signature_key'),
  rotatedBy: 'sender',
})
