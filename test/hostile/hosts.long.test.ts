// Takes 60 s.
import { casesOfKinds } from './cases.ts'
import { testThrough } from './through.ts'

// What is kept of a refused body is decided and masked behind the reply, of the delivery that any adapter hands over: all cases
// of all senders keep theirs in hostile.test.ts. Here it would be a third of the time.
testThrough((name) => name !== 'fetch', casesOfKinds(), false)
