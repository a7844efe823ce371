import { loadSqlJsEngine } from '../../../daemon/store/engine/sqljs-engine.ts'
import { engineConformance } from '../../conformance/engine.ts'

engineConformance('sql.js on the host', () => loadSqlJsEngine())
