import { defineManifest } from '../../core/processor.ts';

const year2026 = { observed_timestamp: Date.UTC(2026, 10, 21) * 1000, timestamp: Date.UTC(2026, 10, 21) * 1000 };

export default defineManifest({
  name: 'parse-syslog',
  summary:
    'Reads a syslog line (RFC 5424, RFC 3164, or as rsyslog writes it to files): time, host, program as service, severity as level, facility and structured data',
  options: {},
  examples: [
    {
      name: 'RFC 5424 with structured data',
      options: {},
      in: {
        ...year2026,
        message:
          '<165>1 2026-11-20T22:14:15.003Z mymachine.example.com evntslog 812 ID47 [exampleSDID@32473 iut="3" eventID="1011"] An application event',
      },
      out: {
        timestamp: Date.UTC(2026, 10, 20, 22, 14, 15, 3) * 1000,
        level: 'info',
        severity: 10,
        service: 'evntslog',
        host: 'mymachine.example.com',
        attributes: {
          facility: 'local4',
          procid: 812,
          msgid: 'ID47',
          'exampleSDID@32473.iut': '3',
          'exampleSDID@32473.eventID': '1011',
        },
      },
    },
    {
      name: 'RFC 3164',
      options: {},
      in: { ...year2026, message: "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8" },
      out: {
        timestamp: Date.UTC(2026, 9, 11, 22, 14, 15) * 1000,
        level: 'fatal',
        severity: 21,
        service: 'su',
        host: 'mymachine',
        attributes: { facility: 'auth' },
      },
    },
    {
      name: 'a line of a file; its year is the latest that is not ahead of its arrival',
      options: {},
      in: { ...year2026, message: 'Dec  3 08:00:00 bastion sshd[1291]: Server listening on :: port 22.' },
      out: { timestamp: Date.UTC(2025, 11, 3, 8) * 1000, service: 'sshd', host: 'bastion', attributes: { procid: 1291 } },
    },
    {
      name: 'what the sender said stays',
      options: {},
      in: { ...year2026, message: '<27>Nov 20 08:00:00 web nginx: started', service: 'edge', level: 'debug', severity: 5 },
      out: { timestamp: Date.UTC(2026, 10, 20, 8) * 1000, host: 'web', attributes: { facility: 'daemon', app: 'nginx' } },
    },
    { name: 'another kind of line', options: {}, in: { message: '<html> is no priority' }, out: {} },
  ],
});
