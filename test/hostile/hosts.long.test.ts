// Takes 90 s.
import { testThrough } from './through.ts'

testThrough((name) => name !== 'fetch')
