// Takes 150 s: `npm test -- apart`. All cases, with both settings.
import { testBehindPgBouncer } from './behind-pgbouncer.ts'

testBehindPgBouncer(0)
testBehindPgBouncer(200)
