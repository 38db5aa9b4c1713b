#!/usr/bin/env perl
# Tables and judgement of the turns that scripts/versus took: scripts/versus.pl FILE
# Exit code: 0 all hard limits hold, 1 one does not.
use strict;
use warnings;
use FindBin;
require "$FindBin::Bin/pairs.pl";

# The aims: ours ÷ theirs, of the median pair. CPU per message at most, messages per second at least; where a hard
# limit stands behind the aim, missing it fails.
my %aims = (
    'produce-c'    => { cpu => 1.00, cpu_hard => 1.05, rate => 1.0, rate_hard => 0.95 },
    'consume-c'    => { cpu => 0.95, cpu_hard => 1.00, rate => 1.1 },
    'produce-java' => { cpu => 0.35, rate => 2.0 },
    'consume-java' => { cpu => 0.60, rate => 1.1 },
);
my %names = (
    'produce-c'    => [ 'kdyno run', 'rdkafka_performance -P' ],
    'consume-c'    => [ 'consume-topic read', 'rdkafka_performance -G' ],
    'produce-java' => [ 'kdyno run', 'kafka-producer-perf-test' ],
    'consume-java' => [ 'consume-topic read', 'kafka-consumer-perf-test' ],
);
my @figures = (
    [ rate => 'msg/s',         '%.0f' ],
    [ cpu  => 'CPU s / million', '%.3f' ],
    [ peak => 'peak MiB',      '%.1f' ],
);

die "usage: scripts/versus.pl FILE\n" unless @ARGV == 1;
my ( %turns, @order );
read_turns( $ARGV[0] );
print_table($_) for @order;
exit print_aims();

sub read_turns {
    my ($file) = @_;
    open my $lines, '<', $file or die "$file: $!\n";
    while (<$lines>) {
        if (s/^# ?//) { print; next }
        chomp;
        my ( $comparison, $pair, undef, $side, $messages, $rate, $user, $system, $kib ) = split /\t/;
        next if $comparison eq 'comparison';
        die "$file:$.: unknown comparison '$comparison'\n" unless $aims{$comparison};
        push @order, $comparison unless $turns{$comparison};
        $turns{$comparison}{$pair}{$side} =
          { rate => $rate, cpu => 1e6 * ( $user + $system ) / $messages, peak => $kib / 1024 };
    }
}

sub print_table {
    my ($comparison) = @_;
    my ( $ours, $theirs ) = @{ $names{$comparison} };
    my @pairs = pairs($comparison);
    printf "\n%s: %s against %s, pairs: %d, median (least .. most)\n", $comparison, $ours, $theirs, scalar @pairs;
    printf "  %-16s %-32s %-32s %s\n", '', $ours, $theirs, 'ours / theirs, and its interval';
    print_rows( \@figures, [qw(ours theirs)], @pairs );
}

sub print_aims {
    my $failed = 0;
    print "\n";
    for my $comparison (@order) {
        my ( $aim, @pairs ) = ( $aims{$comparison}, pairs($comparison) );
        for my $key (qw(cpu rate)) {
            my $ratio = median( ratios_of( $key, [qw(ours theirs)], @pairs ) );
            my ( $sign, $title ) = $key eq 'cpu' ? ( '<=', 'CPU per message' ) : ( '>=', 'msg/s' );
            my $holds = sub { $key eq 'cpu' ? $ratio <= $_[0] : $ratio >= $_[0] };
            my $line = sprintf '%-13s %-16s %.3f  aim %s %.2f: %s', $comparison, $title, $ratio, $sign, $aim->{$key},
              $holds->( $aim->{$key} ) ? 'holds' : 'does not hold';
            if ( defined( my $hard = $aim->{"${key}_hard"} ) ) {
                $line .= sprintf ', hard limit %s %.2f: %s', $sign, $hard, $holds->($hard) ? 'holds' : 'does not hold';
                $failed = 1 unless $holds->($hard);
            }
            print "$line\n";
        }
    }
    return $failed;
}

sub pairs {
    my ($comparison) = @_;
    my $of = $turns{$comparison};
    return grep { $_->{ours} && $_->{theirs} } map { $of->{$_} } sort { $a <=> $b } keys %$of;
}
