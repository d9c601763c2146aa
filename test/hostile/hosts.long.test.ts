// Takes 60 s.
import { casesOfKinds } from './cases.ts'
import { testThrough } from './through.ts'

testThrough((name) => name !== 'fetch', casesOfKinds())
