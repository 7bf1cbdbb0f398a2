export { processRulesKey, versionedRules } from '../../pipeline/process-rules.ts';
