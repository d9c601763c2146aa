import { svixRegistrar } from '../src/svix.ts'
import { testRegistrar } from './contract.ts'
import { SVIX_TOKEN, startSvix } from './fakes/svix.ts'
import { another, off } from './fakes/rows.ts'

testRegistrar('Svix', {
  start: () => startSvix(),
  make: (options, token) => svixRegistrar({ ...options, token, application: 'app_octo' }),
  token: SVIX_TOKEN,
  more: another(),
  patterns: ['order.created', 'order.paid'],
  topics: ['order.created', 'order.paid'],
  others: ['order.paid', 'order.sent'],
  apply: { onSecret: () => {} },
  disable: off({ disabled: true }),
  shownSecret: (fake, id) => fake.secret(id),
  secretOf: (fake, id) => fake.secret(id),
})
