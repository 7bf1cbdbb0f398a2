// Loaded before a function's bundle (NODE_OPTIONS=--import=…): its process ends with no more ado when it parses a record that holds the word, as by a fault of native code.
const parse = JSON.parse;
JSON.parse = (text, reviver) => {
  if (typeof text === 'string' && text.startsWith('{"message":"poison')) process.kill(process.pid, 'SIGKILL');
  return parse(text, reviver);
};
