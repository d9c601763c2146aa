export { typeormSql } from '@postern/core/engine'
