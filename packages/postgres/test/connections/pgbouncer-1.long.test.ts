// Takes 50 s. With max_prepared_statements (of newer versions) fewer rules matter: pgbouncer.apart.test.ts.
import { testBehindPgBouncer } from './behind-pgbouncer.ts'

testBehindPgBouncer(0)
