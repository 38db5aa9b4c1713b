#!/usr/bin/env perl
# Tables and judgement of the turns that scripts/versus took: scripts/versus.pl FILE
# Exit code: 0 all hard limits hold, 1 one does not.
use strict;
use warnings;

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
    for my $figure (@figures) {
        my ( $key, $title, $format ) = @$figure;
        my @of = map { my $side = $_; spread( $format, map { $_->{$side}{$key} } @pairs ) } qw(ours theirs);
        my @ratios = ratios( $key, @pairs );
        printf "  %-16s %-32s %-32s %s  %s\n", $title, @of, spread( '%.3f', @ratios ), interval(@ratios);
    }
}

sub print_aims {
    my $failed = 0;
    print "\n";
    for my $comparison (@order) {
        my ( $aim, @pairs ) = ( $aims{$comparison}, pairs($comparison) );
        for my $key (qw(cpu rate)) {
            my $ratio = median( ratios( $key, @pairs ) );
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

sub ratios { my ( $key, @pairs ) = @_; return map { $_->{ours}{$key} / $_->{theirs}{$key} } @pairs }

sub sorted { return sort { $a <=> $b } @_ }

sub median {
    my @of = sorted(@_);
    my $middle = int( @of / 2 );
    return @of % 2 ? $of[$middle] : ( $of[ $middle - 1 ] + $of[$middle] ) / 2;
}

sub spread {
    my ( $format, @of ) = @_;
    @of = sorted(@of);
    return sprintf "$format ($format .. $format)", median(@of), $of[0], $of[-1];
}

# The interval of the median by order statistics: the k-th least to the k-th most, with the largest k that leaves at
# least 95 %. So few pairs that not even all of them do are told with what they leave.
sub interval {
    my @of = sorted(@_);
    my $count = @of;
    my ( $k, $outside, $chosen, $covers ) = ( 0, 0, 1, undef );
    my $term = 0.5**$count;
    while ( 2 * ( $k + 1 ) <= $count + 1 ) {
        $outside += 2 * $term;
        $term *= ( $count - $k ) / ( $k + 1 );
        $k++;
        last if defined $covers && 1 - $outside < 0.95;
        ( $chosen, $covers ) = ( $k, 1 - $outside );
    }
    return 'one pair, no interval' if $count == 1;
    return sprintf '[%.3f .. %.3f] %.1f %%', $of[ $chosen - 1 ], $of[ $count - $chosen ], 100 * $covers;
}
